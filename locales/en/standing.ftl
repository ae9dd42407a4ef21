### Standing orders, packs and units that are given before their tests.

page-standing = Standing orders
page-packs = Massive-transfusion packs
page-untested = Untested units

column-cadence = How often
column-next-due = Next due
column-last-day = Last day
column-round = Round
column-started = Started

action-standing = Order again and again
action-pause-order = Pause
action-resume-order = Go on
action-end = End
action-pack = Start a pack
action-next-round = Call round { $n }
action-stop-pack = Stop the pack
action-authorise = Authorise as the second physician
action-compare = Compare as the first
action-compare-second = Compare as the second, and give
action-withdraw = Withdraw
action-close-case = Close the case

standing-title = Which orders stand?
standing-one-title = What does this order ask for?
standing-new-title = What is needed again and again?
standing-lead = Each due day makes an ordinary request some days before. Nothing is held by the order itself.
standing-caption = The next to be due first; those that ended last.
standing-none = No order stands.
standing-made = Requests that it made
standing-none-made = None yet.
standing-ends-soon = Ends soon
standing-every =
    { $n ->
        [one] Every day
       *[other] Every { $n } days
    }
standing-every-days = Every so many days (or weekdays below)
standing-weekdays = On these weekdays
standing-due-at = Needed at
standing-first-on = First day
standing-days-ahead = Days before at which the request is made (3 unless said)
standing-state-active = Active
standing-state-paused = Paused
standing-state-ended = Ended

packs-title = Which packs run?
packs-none = No pack was started.
packs-start = Start a pack
packs-hold = A round asks for red cells { $red }, plasma { $plasma } and platelets { $platelets }, each as an emergency request.
pack-title = What does this pack ask for?
pack-state-running = Running
pack-state-stopped = Stopped
pack-to-return = To be returned
pack-next = The next round
pack-next-hint = Where nothing is said of the group, what was known before counts.
pack-stop-note = No round follows, what is held is free, and what is issued and not used is to be returned.

untested-title = Which units are given before their tests?
untested-none = None.
untested-request = The request
untested-tests-to-come = Still to come
untested-follow-up = What was done for the patient
untested-asked-by = Asked by
untested-authorised-by = Authorised by
untested-checked-by = Compared by
untested-given-by = Given by
untested-state-asked = Waits for the second physician
untested-state-authorised = Authorised
untested-state-checked = Compared once
untested-state-given = Given: the patient is to be followed up
untested-state-followed-up = Closed
untested-state-withdrawn = Withdrawn
