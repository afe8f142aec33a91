/** Stands in for `ResizeObserver`, which jsdom lacks: it lays nothing out. */
export class NeverResized {
  observe() {}
  disconnect() {}
}
