### People, places and rules.

page-people = People
page-places = Places
page-rules = Rules

column-code = Code
column-from = From
action-make = Make
action-what-changes = What would change?
action-look-again = Look again

people-title = Who may sign in?
people-role = Role
people-active = Active
people-disabled = Disabled
people-cut = Only the first accounts are shown.
people-new = A new account
people-password = First password
people-password-hint = At least { $n } characters; its owner must choose another at the first sign-in.
people-facility = Facility (of a hospital or a blood bank)
people-units = Codes of units (of a medic), apart by spaces
people-email = Email, if there is something to look at
people-email-hint = Letters name no place, unit or person: they say that there is something to look at. Kept sealed.
people-address = Where somebody is written to
people-email-forget = Empty forgets the address that is kept.

places-title = Which units and facilities are there?
places-lead = Many at once are brought in on the command line, with a dry run and a file of rejects.
places-units = Units
places-facilities = Facilities
places-new-unit = A new unit
places-new-facility = A new facility
places-name-ar = Name in Arabic
places-name-en = Name in English
places-kind = Kind
places-above = Below
places-parent = Code of the unit above (empty: none)
facility-kind-hospital = Hospital
facility-kind-blood-bank = Blood bank

rules-title = By which rules is decided?
rules-note = No rule changes what was decided before. A physician has to sign a rule set before real use.
rules-in-force = In force
rules-not-in-force = Not in force
rules-source = Source
rules-signed = Signed by
rules-unsigned = Nobody yet
evidence-proposed = proposed here
evidence-read = read in the source
evidence-second-hand = told by others
evidence-well-known = well known

preview-title = What would this rule set change?
preview-found = Of { $donors } donors it changes something for { $changed }, from { $day }.
preview-unreadable =
    { $n ->
        [one] Of one nobody can say.
       *[other] Of { $n } nobody can say.
    }
preview-failed = The preview failed
preview-waits = It waits for its turn.
preview-same = The same
preview-earlier = Earlier
preview-later = Later
preview-shut = No longer
preview-opened = Newly
