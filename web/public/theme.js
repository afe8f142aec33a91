// Sets the theme before the first paint, so a dark page never flashes white.
;(function () {
  var theme = 'system'
  try {
    theme = JSON.parse(localStorage.getItem('duly.preferences') || '{}').theme || theme
  } catch {}
  var dark = theme === 'dark' || (theme === 'system' && matchMedia('(prefers-color-scheme: dark)').matches)
  document.documentElement.classList.toggle('dark', dark)
})()
