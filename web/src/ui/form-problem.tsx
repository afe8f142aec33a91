export function FormProblem({ text }: { text: string | null }) {
  return (
    <div role="alert" className="empty:hidden">
      {text ? <p className="rounded-md bg-danger-wash px-3 py-2 text-sm text-danger">{text}</p> : null}
    </div>
  )
}
