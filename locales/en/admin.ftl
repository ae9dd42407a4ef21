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
people-disable = Shut it
people-enable = Open it again
people-reset = A new beginning
people-reset-hint = For whoever lost password or device: the account is signed out everywhere, its second factor is forgotten, and its owner must change this password when coming back.
action-reset = Begin anew

places-title = Which units and facilities are there?
places-lead = Units and facilities, one by one or many at once out of a spreadsheet.
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
preview-same = The same
preview-earlier = Earlier
preview-later = Later
preview-shut = No longer
preview-opened = Newly

job-failed = It failed
job-waits = It waits for its turn.

page-record = Record
record-title = Who did what?
record-lead = Every change and every opening of an identity is a line here, with this reading too. Details that would tell of a person are not shown.
record-links =
    { $n ->
        [one] one line chained
       *[other] { $n } lines chained
    }
record-waiting =
    { $n ->
        [one] one not chained yet
       *[other] { $n } not chained yet
    }
record-who = User
record-action = Action
record-subject = What it happened to (id)
record-from = From
record-until = Until
record-alerts = Only what somebody should look at
record-detail = Detail
record-itself = the program
record-alert = look at it
record-none = No line is of that kind.
record-check = Check the chain
record-check-note = The check finds a line that was edited, taken out or put in another place. Whether the whole record was made anew only a head that was kept elsewhere shows:
record-check-title = Is the record whole?
record-whole =
    { $n ->
        [one] Whole: one link
       *[other] Whole: all { $n } links hold
    }
record-broken = Broken at link { $n }
record-loose =
    { $n ->
        [one] One line is said to be chained, and no link holds it
       *[other] { $n } lines are said to be chained, and no link holds them
    }
action-check = Check the whole chain

page-outbox = Messages
outbox-title = Which messages were sent?
outbox-lead = Neither whom a message is for nor what it is about is shown here.
outbox-what = Message
outbox-why = Why it stayed
outbox-attempts = Tries
outbox-error = Said by the server
outbox-none = No message is of that kind.
action-try-again = Try once more
template-appointment-off = An appointment cannot be kept
template-appointment-cancelled = An appointment was cancelled
template-appointment-proposed = An appointment was proposed
template-appointment-confirmed = An appointment was accepted
template-appointment-changed = An appointment moved
template-reminder-days = Reminder, days before
template-reminder-hours = Reminder, hours before
template-thank-you = Thanks
template-gift-used = What was given helped
template-eligible-again = May give again
template-invitation = Invitation
template-level-changed = To command: a level changed
template-request-moved = To a hospital: a request moved
template-account-changed = To a user: the account was changed
message-state-queued = Waits
message-state-claimed = Is being sent
message-state-sent = Sent
message-state-unsent = Not sent
unsent-no-transport = no way of sending is set up
unsent-no-address = no address is known
unsent-not-wished = not wished
unsent-paused = away
unsent-gone = not in the register any more
unsent-too-late = it would have come too late
unsent-refused = refused by the server
unsent-unreachable = tried as often as it may be
unsent-damaged = the address does not open

places-import = Many at once, from a spreadsheet
places-import-note = A spreadsheet of at most 2 MB. What is there already and the same is passed over. Try it first: nothing is written then. Columns:
places-import-what = The file holds
places-import-file = File
places-import-try = Only try: write nothing
action-import = Bring in
import-title = What became of the file?
import-tried = Only tried: nothing was written.
import-taken =
    { $n ->
        [one] One row was taken
       *[other] { $n } rows were taken
    }
import-would =
    { $n ->
        [one] One row would be taken
       *[other] { $n } rows would be taken
    }
import-skipped =
    { $n ->
        [one] One is there already
       *[other] { $n } are there already
    }
import-rejected =
    { $n ->
        [one] One was refused
       *[other] { $n } were refused
    }
import-file-refused = The file as a whole cannot be read.
import-line = Line
import-faults = What is wrong
import-more = The file of refused rows holds all of them.
import-rejects = Refused rows as a file, to be put right and brought in again
place-kind-units = Units
place-kind-facilities = Facilities
import-refused-unreadable = The file cannot be opened.
import-refused-not-utf8 = Text that is not UTF-8; save the file as "CSV UTF-8". Line:
import-refused-empty = The file is empty; the first line names the columns.
import-refused-unknown-column = A column that nobody knows:
import-refused-repeated-column = A column that comes twice:
import-refused-missing-columns = Columns that are missing:
import-refused-mapping = A column's other name does not fit:
import-refused-row-too-long = A row that is too long; is a quote not closed? Line:
import-refused-workbook = The workbook cannot be read:
import-refused-old-workbook = A workbook of an older kind; save it as XLSX or as "CSV UTF-8".
import-refused-broken = A row that cannot be read. Line:
import-refused-too-many-rows = More rows than may come at once:
import-refused-begun = The file was begun before.
import-refused-key-on-same-disk = The root key lies on the disk of the data.

page-approvals = Approvals
approvals-title = What waits for a second person?
approvals-lead = Whoever asked does not decide, nor does an account that made the other's, or was made by it, within thirty days.
approvals-none = Nothing waits.
approvals-what = What is asked
approvals-why = Why
approvals-by = Asked by
approvals-until = Open until
approvals-another = Somebody else decides
approvals-text = The whole text
approvals-donor = Donor { $id }
approvals-other = Is read as { $id }, or was
approvals-now = Now: { $what }
approvals-then = Then: { $what }
approvals-no-giving = There was no donation
approvals-whole = The whole force
approvals-units =
    { $n ->
        [one] One unit, with all below it
       *[other] { $n } units, with all below them
    }
approvals-policy = { $name }, from { $from }
approvals-export = Take a register out as a file
approvals-register = Register
approvals-purpose = What for
approvals-export-hint = Once somebody else has approved it you may take it out for 24 hours, by the API or on the command line.
approvals-keys = Change the root key
approvals-keys-hint = Once somebody else has approved it you may change the key once within seven days, on the command line.
action-approve = Approve
action-ask-another = Ask a second person
approval-kind-correct-deferral = Put a deferral right
approval-kind-withdraw-deferral = Withdraw a deferral
approval-kind-correct-giving = Put a donation right
approval-kind-merge-donors = Read two records as one person
approval-kind-undo-merge = Read two records apart again
approval-kind-export-register = Take a register out
approval-kind-change-policy = Put a rule set in force
approval-kind-change-keys = Change the root key
register-donors = Donors
register-deferrals = Deferrals
register-donations = Donations
export-purpose-handover = Another installation takes it over
export-purpose-inspection = An authority looks into it
export-purpose-comparison = To compare it with a register elsewhere
export-purpose-outage = To work on where the service cannot be reached
rules-adopted = Approved, from its day on
rules-ask-note = A physician who is another person approves it. It is decided by from its day, once the service has been started again.
