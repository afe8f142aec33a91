export default function TaskPanel({ id }: { id: string }) {
  return <aside aria-label="Task">{id}</aside>
}
