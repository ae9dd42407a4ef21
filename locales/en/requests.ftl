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
request-issue-scanned = Issue by scan
request-scan-hint = Scan every bag that leaves, one label to a line; the label of its product may follow its number. It is issued only when they are the bags that are held, all of them and no other.
request-candidates = Units of our shelf that fit the patient
request-candidates-caption = In the order of issue: identical group first, then the first to expire. What is needed is ticked already, except what needs a reason or rests on the RhD policy.
request-nothing-fits = No unit on our shelf fits the patient and is still good by then.
request-cut-off = No road leads to the hospital now.
request-across = Show what lies here all the same
request-why = Why, where something above stands in bold
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
request-needs = Each unit must be
attribute-irradiated = Irradiated
attribute-leucodepleted = Leucodepleted
attribute-cmv-negative = CMV negative
attribute-small = small, for children and newborns
attribute-low-titre = of low titre
request-field-patient = Code of the patient
request-field-blood-group = Group of the patient
request-field-group-evidence = How the group is known
request-field-sex = Sex
request-field-age-band = Age band
request-field-component = Component
request-field-units = Number of units
request-field-more-component = With it, for the same patient
request-field-more-units = How many of it
request-nothing-more = Nothing more
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
action-issue-scanned = Issue what was scanned
action-refuse = Refuse
action-receive = Record the arrival
action-transfused = Transfused
action-return = Return
action-downtime = Form for when the system is down
action-slip = Slip for the box
action-label = Label
action-take-back = Take back
action-take-request-back = Withdraw the request

request-state-submitted = Submitted
request-state-accepted = Accepted
request-state-reserved = Reserved
request-state-partial = Partly
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

### Printed pages.
label-title = Which label does the bag get?
label-not-for-issue = NOT FOR ISSUE
label-no-group = Group not confirmed
label-collected = Collected
label-expires = Expires
print-hint = For the printer: the frame of the page is not printed.
slip-title = What is in the box?
slip-number = Request number
slip-none = Nothing is held or issued for this request.
slip-packed = Packed
slip-carried = Carried
slip-received = Received
slip-step = Step
slip-name = Name
slip-time = Date and hour
slip-temperature = Temperature
slip-signature = Signature
downtime-title = What do we write while the system is down?
downtime-lead = One sheet for each request. Phone it to the blood bank; a runner takes this sheet along.
downtime-request = The request
downtime-asked-by = Asked by
downtime-asked-at = Asked at
downtime-units = Units
downtime-din = Number on the bag
downtime-first = First check at the bed
downtime-second = Second check at the bed
downtime-begun = Begun at
downtime-fate = Transfused, returned or discarded
downtime-enter = Enter the sheet when the system is back, with the hours that stand on it, and keep it.
downtime-entered-by = Entered by

page-find = Find units
find-title = Which units can I request?
find-lead = Say the patient's group, how it is known, and the component: identical units come first, then what fits in the component's own order, the first to expire first.
find-recipient = The patient's group
find-where = Where the patient is
find-here = our place
find-hours = Still good in so many hours
find-total =
    { $n ->
        [one] One unit fits
       *[other] { $n } units fit
    }
find-short =
    { $n ->
        [one] one fewer than asked for
       *[other] { $n } fewer than asked for
    }
find-nothing = No released unit that can be reached fits.
find-fits = How it fits
find-identical = identical
find-compatible = compatible
find-low-titre-only = of low titre only
find-ask = Ask for it
find-units = In the order of issue
find-way = How far
find-sites = By site, the nearest first
find-heard = Last heard of
find-silent = Silent for too long
find-not-known = not known
find-km =
    { $n ->
       *[other] { $n } km
    }
find-minutes =
    { $n ->
        [one] about one minute
       *[other] about { $n } minutes
    }
find-counted = Shelf counted
find-cut-off = Behind closed roads
find-nearest = What stands nearest
find-by-policy = By the RhD policy, with somebody who answers for it by name:
find-nowhere = No other region holds a unit that fits. The donors below could be called.
find-donors = Donors who could be called
find-published = From the table of
find-not-published = No table of donors has been published yet.
find-come = at least { $n } are expected to come within { $hours } hours
find-band = Donors who may give
find-rest-of = the rest of { $place }
find-under-200 = too few to say
territory-west-bank = the West Bank
territory-gaza = Gaza
donor-band-under-20 = fewer than 20
donor-band-20-49 = 20 to 49
donor-band-50-99 = 50 to 99
donor-band-100-249 = 100 to 249
donor-band-250-499 = 250 to 499
donor-band-500-999 = 500 to 999
donor-band-1000-up = 1000 and more
