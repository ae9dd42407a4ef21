### The blood bank's work, units and their lives.

page-bank = Our work
page-units = Units

filter-any = Any
column-note = Note
column-tests = Tests
column-place = Place
column-parcel = Box
column-sent = Sent

unit-group-unknown = Group not confirmed
unit-division = Part of a divided unit (empty if it is whole)
unit-volume = Volume in mL
unit-collected = Collected on
unit-expires = Good through
additive-cpd = CPD (21 days)
additive-cpda-1 = CPDA-1 (35 days)
additive-as-sagm = Additive solution (red cells 42 days)
additive-unknown = Not said
additive-hint = As the bags here usually hold, where nothing is chosen.
unit-additive = Filled with
unit-attributes = Attributes
unit-title = What became of this unit?
unit-life = Its life, from the arm to its fate

units-title = Which units are on our shelf?
units-caption = The soonest to expire first.
units-cut = Only the first 200 are shown.
units-none = There is no such unit on our shelf.

bench-title = What is to be done on our shelf?
bench-none = Nothing.
bench-cut = Some lists are longer: the first twenty of each are shown.
bench-to-release = In quarantine, to be released
bench-ends = Expire within 3 days
bench-gone = Expired or stopped
bench-parcels = Between blood banks
bench-differs = What differs
bench-all-clear = All tests clear
bench-not-clear = Not clear: not for issue
bench-missing = Missing: { $markers }
bench-tested-elsewhere = Tested where it comes from

action-release = Release
action-bank-receive = Take in a bag from elsewhere
action-bank-send = Send to another blood bank
action-bank-count = Count the shelf
action-bank-discard = Discard
action-found = Found
action-lost = Lost
action-confirm-count = I confirm this count

scan-hint = Scan or write one label to a line, in the field of its component; the label of its product may follow its number. A part of a divided unit has its figure after a stroke, such as /2.

arrive-title = Which bag arrived?
arrive-lead = A bag of another blood service is in quarantine until it is released, like one that was collected here.

discard-title = Which unit is thrown away?
discard-lead = A unit of the own shelf, for good.

send-title = What goes to another blood bank?
send-lead = Released units and those in quarantine, to a blood bank of the own region; under way they count nowhere.
send-no-bank = The own region has no other blood bank.
transfer-title = What is in the box?
transfer-state-under-way = Under way
transfer-state-discrepancy = Units are missing
transfer-state-closed = Closed
transfer-end-arrived = Arrived
transfer-end-lost = Lost
parcel-comes = Comes to us
parcel-goes = Sent by us
parcel-to = to
parcel-not-here = Not here yet
parcel-receive = It arrived here
parcel-lost = What is missing is lost
parcel-lost-note = Said by somebody who neither sent nor scanned it; the missing units are discarded.

count-title = What lies on our shelf?
count-last = Last counted with nothing left open: { $day }
count-never = This shelf was never counted with nothing left open.
count-is-all = These are all the labels of the shelf
counted-title = What did the count find?
count-state-discrepancy = Something differs
count-state-closed = The shelf is as counted
count-scanned =
    { $n ->
        [one] One label scanned
       *[other] { $n } labels scanned
    }
count-missing = Not scanned
count-lost-note = Lost is said by somebody who did not count; the unit is discarded.
count-odd = Should not have been there
stray-what = What was it?
miss-end-found = Found
miss-end-lost = Lost

marker-hbsag = hepatitis B surface antigen
marker-anti-hbc = antibody to the core of hepatitis B
marker-hbv-nat = hepatitis B virus (NAT)
marker-hcv = hepatitis C
marker-hcv-nat = hepatitis C virus (NAT)
marker-hiv = HIV
marker-hiv-nat = HIV (NAT)
marker-syphilis = syphilis
marker-htlv = HTLV

move-reason-collected = Collected
move-reason-delivered = Came from another blood service
move-reason-tested = Tests clear
move-reason-donor-linked = Something about the donor
move-reason-group-discrepancy = Groups disagree
move-reason-hospital-report = Reported by a hospital
move-reason-recall = Recalled
move-reason-damaged = Damaged
move-reason-out-of-temperature = Out of its temperature
move-reason-low-volume = Low volume
move-reason-used = For a request
move-reason-freed = Let go
move-reason-not-used = Not used
move-reason-cleared = Cleared by a physician
move-reason-date-passed = Date passed
move-reason-sent = Sent
move-reason-arrived = Arrived
move-reason-lost = Lost
move-reason-divided = Divided
move-reason-emergency = Emergency, before its tests
move-reason-processed = Processed
move-reason-corrected = Wrongly told before
move-reason-other = Another reason

page-laboratory = Laboratory
laboratory-title = What waits for its tests?
laboratory-waiting = In quarantine on our shelf
laboratory-cut = More wait: the first forty are shown.
results-title = What did the laboratory find?
results-number = Number of the donation
results-next = Next test
results-test = Test
results-finding = Finding
results-tested-on = Tested on
results-group = Group found in this sample
results-group-hint = A typing of the donor: two that agree make a group.
results-enter = Enter
results-note = Any finding but “not reactive” stops, at once, every unit of this donor, and the donor waits. A line is never changed: somebody else puts another in its place.
results-missing = Missing:
results-look-back = Earlier donations of the same donor that this reaches
results-since = since { $day }:
results-since-ever = all of them, since none was found clear:
results-ledger = All that was entered
results-entered = Entered
results-corrected = corrected
results-correct = Correct
column-marker = Marker
column-collected = Donated
test-stage-screening = screening
test-stage-repeat = repeat
test-stage-confirmation = confirmation
test-finding-non-reactive = not reactive
test-finding-reactive = reactive
test-finding-indeterminate = indeterminate
marker-state-missing = missing
marker-state-not-asked = not asked for
marker-state-clear = clear
marker-state-reactive = reactive, to be repeated
marker-state-repeat-reactive = reactive again, to be confirmed
marker-state-false-reactive = false alarm, not for issue
marker-state-confirmed = confirmed
infection-hbv = hepatitis B
infection-hcv = hepatitis C
infection-hiv = HIV
infection-syphilis = syphilis
infection-htlv = HTLV
