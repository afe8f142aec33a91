import type { paths } from './schema.d.ts'

/*
 * Named by where the API uses them, not by the document's own schema names, so that a renamed
 * schema on the server changes nothing here.
 */
/** The server writes every field and says `null` for what is not there; its document calls them optional. */
export type Whole<Value> = Value extends (infer Item)[]
  ? Whole<Item>[]
  : Value extends object
    ? { [Field in keyof Value]-?: Whole<Exclude<Value[Field], undefined>> }
    : Value

type Json<Response> = Response extends { content: { 'application/json': infer Content } } ? Content : never
type Answer<Operation, Code extends number> = Operation extends { responses: Record<Code, infer Response> }
  ? Whole<Json<Response>>
  : never
type Body<Operation> = Operation extends { requestBody: infer Request } ? Json<Request> : never

export type Account = Answer<paths['/api/v1/me']['get'], 200>
export type AccountChange = Body<paths['/api/v1/me']['patch']>
export type TaskList = Answer<paths['/api/v1/tasks']['get'], 200>
export type Task = TaskList['data'][number]
export type NewTask = Body<paths['/api/v1/tasks']['post']>
export type TaskChange = Body<paths['/api/v1/tasks/{id}']['patch']>
export type Status = Task['status']
export type Priority = Task['priority']
export type LabelList = Answer<paths['/api/v1/labels']['get'], 200>
export type Statistics = Answer<paths['/api/v1/statistics']['get'], 200>
export type Notification = Answer<paths['/api/v1/notifications']['get'], 200>['data'][number]
export type ActivityList = Answer<paths['/api/v1/tasks/{id}/activity']['get'], 200>
export type Activity = ActivityList['data'][number]
/** Fields that stayed as they were are left out. */
export type Changes = Partial<Activity['changes']>
export type Session = Answer<paths['/api/v1/sessions']['get'], 200>['data'][number]
export type Token = Answer<paths['/api/v1/tokens']['get'], 200>['data'][number]
type NewToken = Body<paths['/api/v1/tokens']['post']>
export type CreatedToken = Answer<paths['/api/v1/tokens']['post'], 201>
export type Ability = NewToken['abilities'][number]
export type DatabaseStatus = Answer<paths['/api/v1/admin/database']['get'], 200>
export type Replica = DatabaseStatus['replicas'][number]
export type CacheStatus = Answer<paths['/api/v1/admin/cache']['get'], 200>
export type SlowQueries = Answer<paths['/api/v1/admin/slow-queries']['get'], 200>
export type SlowQuery = SlowQueries['data'][number]
export type SlowStatement = SlowQueries['recent'][number]
export type Queues = Answer<paths['/api/v1/admin/queues']['get'], 200>
export type Queue = Queues['queues'][number]
export type JobPause = Queues['paused_kinds'][number]
export type JobWorker = Queues['workers'][number]
export type JobMeasure = Answer<paths['/api/v1/admin/queues/measures']['get'], 200>['data'][number]
export type JobActions = Answer<paths['/api/v1/admin/queues/actions']['get'], 200>
export type JobAction = JobActions['data'][number]
export type JobList = Answer<paths['/api/v1/admin/jobs']['get'], 200>
export type Job = JobList['data'][number]
export type JobState = Job['state']
export type JobDetails = Answer<paths['/api/v1/admin/jobs/{id}']['get'], 200>
export type JobAttempt = JobDetails['history'][number]
export type JobFailures = Answer<paths['/api/v1/admin/job-failures']['get'], 200>['data'][number]
export type JobTag = Answer<paths['/api/v1/admin/job-tags']['get'], 200>['data'][number]
export type Schedule = Answer<paths['/api/v1/admin/schedules']['get'], 200>['data'][number]
export type BatchList = Answer<paths['/api/v1/admin/batches']['get'], 200>
export type Batch = BatchList['data'][number]
export type ReceiptList = Answer<paths['/api/v1/admin/receipts']['get'], 200>
export type Receipt = ReceiptList['data'][number]
export type BalanceSettings = Answer<paths['/api/v1/admin/queues/settings']['get'], 200>
export type QueueLimits = BalanceSettings['data'][number]
export type QueueLimitsInput = Body<paths['/api/v1/admin/queues/{id}/settings']['put']>
export type Replay = Answer<paths['/api/v1/admin/queues/replay']['post'], 200>
export type ChosenJobs = Body<paths['/api/v1/admin/jobs/cancel']['post']>
type Events = paths['/api/v1/events']['get']['responses'][200]['content']['text/event-stream']
/** What an event says; `changes` only when all that changed is known. */
export type EventData = Pick<Events, 'version'> & { changes?: Change[] }
/** Something that changed; without a version it is deleted for good. */
export type Change = Whole<NonNullable<Events['changes']>[number]>
export type ImportReport = Answer<paths['/api/v1/import']['post'], 200>

/** application/problem+json, as every refused request is answered. */
export interface Problem {
  type?: string
  title: string
  status: number
  code: string
  detail?: string
  errors?: { field: string; code: string; message: string }[]
  request_id?: string
  report?: ImportReport
}

export const STATUSES: readonly Status[] = ['pending', 'in_progress', 'completed']
export const STATUS_NAMES: Record<Status, string> = {
  pending: 'To do',
  in_progress: 'In progress',
  completed: 'Done',
}
export const PRIORITIES: readonly Priority[] = ['high', 'medium', 'low', 'none']
export const PRIORITY_NAMES: Record<Priority, string> = {
  high: 'High',
  medium: 'Medium',
  low: 'Low',
  none: 'No priority',
}
