/**
 * Where a floating layer is put into the page: inside the landmark or dialog of its anchor, so that
 * it is neither outside every landmark nor behind a modal dialog.
 */
export const landmarkOf = (anchor: Element) =>
  anchor.closest<HTMLElement>('dialog, main, aside, nav') ?? document.body
