import { lazy, Suspense } from 'react'
import { useStore } from '#lib/store.ts'
import { picker } from './state.ts'

const Picker = lazy(() => import('./picker.tsx'))

export function PickerHost() {
  const open = useStore(picker)
  return <Suspense>{open ? <Picker key={open.kind} {...open} /> : null}</Suspense>
}
