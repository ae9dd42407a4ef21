### The words of the pages of requests.

requests-title = Which requests are waiting?
requests-caption = Late ones first, then the most urgent.
requests-open = All open ones
requests-none = There is no request here.
page-requests = Requests
request-new-title = Which units can I request?
request-new-lead = The request goes to the blood banks of the region; one of them takes it and holds what fits the patient.
request-not-sent = The request was not sent
request-title = Where does the request stand?
request-group-unknown = Unknown
request-not-said = Not said
request-late = Late
request-identical = identical
request-held = Held: { $n }.
request-issued = Issued: { $n }.
request-arrived = Arrived: { $n }.
request-held-until = until
request-units = Units of the request
request-receive = Units have arrived
request-dins = Labels as scanned or typed, one to a line
request-candidates = Units of our shelf that fit the patient
request-candidates-caption = In the order of issue: identical group first, then the first to expire. What is needed is ticked already, except what rests on the RhD policy.
request-nothing-fits = No unit on our shelf fits the patient and is still good by then.
request-left = Still wanted: { $n }.
request-refuse = Refuse the request
request-rhd = RhD-positive units opened
request-rhd-open = RhD-positive units for this patient
request-rhd-note = It is recorded by the name of the physician who permits it. Such units come after all that fit without it.
request-rhd-no-anti-d = The patient has no anti-D and never had it
request-rhd-not-chronic = The patient is not transfused chronically
request-reason = Reason
request-before = Before a transfusion
request-evidence-hint = A group that two samples do not confirm counts as unknown.
request-needed-hint = Empty when the need is now. A planned request needs a time.
request-patient-hint = A code that the hospital alone knows: no name, no identity number.
request-field-patient = Code of the patient
request-field-blood-group = Group of the patient
request-field-group-evidence = How the group is known
request-field-sex = Sex
request-field-age-band = Age band
request-field-component = Component
request-field-units = Number of units
request-field-urgency = Urgency
request-field-needed-at = Needed at
request-field-notes = Notes to the blood bank

column-wanted = Wanted
column-urgency = Urgency
column-needed = Needed at
column-met = Met
column-hospital = Hospital
column-bank = Blood bank
column-unit = Unit
column-good-until = Good until
column-steps = Steps
column-cautions = Cautions

action-ask = Request units
action-open-rhd = Permit by my name
action-accept = Take the request
action-hold = Hold what is ticked
action-free = Let go
action-issue = Issue what is held
action-refuse = Refuse
action-receive = Record the arrival
action-transfused = Transfused
action-return = Return
action-take-back = Take back
action-take-request-back = Withdraw the request

request-state-submitted = Submitted
request-state-accepted = Accepted
request-state-reserved = Reserved
request-state-issued = Issued
request-state-received = Received
request-state-closed = Closed
request-state-refused = Refused
request-state-cancelled = Cancelled

urgency-emergency = Emergency
urgency-urgent = Urgent
urgency-routine = Routine
urgency-planned = Planned

refusal-reason-nothing-fits = Nothing fits
refusal-reason-incomplete = The request is incomplete
refusal-reason-duplicate = Asked twice
refusal-reason-not-indicated = Not indicated
refusal-reason-other = Another reason

group-evidence-confirmed = Two samples agree
group-evidence-typed-once = Typed once
group-evidence-declared = Declared

sex-male = Male
sex-female = Female

age-band-under-18 = Under 18
age-band-from-18-to-50 = 18 to 50
age-band-over-50 = Over 50

unit-status-quarantine = In quarantine
unit-status-released = May be issued
unit-status-reserved = Held
unit-status-issued = Issued
unit-status-transfused = Transfused
unit-status-returned = Returned
unit-status-discarded = Discarded
unit-status-expired = Expired
unit-status-blocked = Stopped
unit-status-in-transit = On its way to another blood bank
unit-status-divided = Divided into other units
unit-status-emergency-untested = Untested: emergency alone

unit-warning-emergency-untested = UNTESTED BLOOD. Its tests for infections are not known. Only for the patient for whom two physicians authorised it; two people compare bag and patient at the bed.
request-minutes-out = Minutes out of controlled storage (leave empty if nobody knows)
