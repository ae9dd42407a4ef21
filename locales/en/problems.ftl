### One message for each problem code: what happened, and in `.detail` what to do about it.

problem-malformed-json = The request is not valid JSON
    .detail = The body must be one complete JSON document in UTF-8.

problem-unknown-field = A field is not known
    .detail = Remove the field named below, or correct its spelling.

problem-unknown-parameter = A query parameter is not known or is repeated
    .detail = Remove the parameter named below, correct its spelling, or give it only once.

problem-missing-field = A required field is missing
    .detail = Add the field named below.

problem-wrong-type = A field has the wrong type
    .detail = Give the field named below as the type that the API description states.

problem-invalid-value = A value is not one of those accepted
    .detail = Correct the field named below.

problem-out-of-range = A value is outside its range
    .detail = Give a value within the accepted range.

problem-bad-text = The text holds characters that are not accepted
    .detail = Remove control characters, hidden characters and mixed scripts.

problem-body-too-large = The request is too large
    .detail = Send less at once; files have their own limit.

problem-unsupported-media-type = The content type is not accepted
    .detail = Send the body as application/json.

problem-invalid-request = Some fields need correction
    .detail = Correct the fields named below; all of them are listed.

problem-cursor-invalid = The page link is no longer valid
    .detail = Start again from the first page of the list.

problem-idempotency-key-missing = The Idempotency-Key header is missing
    .detail = Send a fresh key with each new request, and the same key when repeating one.

problem-idempotency-key-invalid = The Idempotency-Key header is not valid
    .detail = Use 8 to 64 visible ASCII characters.

problem-idempotency-key-reused = This Idempotency-Key was used for another request
    .detail = Use a new key for a new request.

problem-idempotency-in-progress = The same request is still being carried out
    .detail = Wait a moment, then repeat it with the same key.

problem-method-not-allowed = This address does not take that method
    .detail = The Allow header lists the methods that it takes.

problem-not-found = Not found
    .detail = There is nothing at this address that is open to this account.

problem-if-match-missing = The version that you saw is not said
    .detail = Read the record, and send its ETag in the header If-Match.

problem-version-stale = Somebody changed this record meanwhile
    .detail = Nothing was changed. Read it again, then repeat what is still needed.

problem-unauthenticated = Sign-in is required
    .detail = Sign in, then try again.

problem-token-invalid = The access token is not valid
    .detail = Sign in again.

problem-token-expired = The access token has expired
    .detail = Renew it with the refresh token, or sign in again.

problem-bad-credentials = The user name or the password is not correct
    .detail = Check both and try again. After several failures there is a short wait.

problem-password-change-required = The password must be changed first
    .detail = Choose a new password, then continue.

problem-second-factor-missing = This account needs a second step
    .detail = Set it up with an authenticator app, then sign in with the code that it shows.

problem-second-factor-required = Enter the code
    .detail = The password is right. Enter the six digits that your authenticator app shows, or a recovery code.

problem-second-factor-invalid = The code is not correct
    .detail = A code is good once and for half a minute. Wait for the next one, or enter a recovery code.

problem-refresh-invalid = The session cannot be renewed
    .detail = Sign in again.

problem-refresh-reused = The session was closed for safety
    .detail = A renewal token was used twice. Sign in again, and tell the administrator if this is unexpected.

problem-forbidden = This account may not do that
    .detail = Ask an administrator if the right is needed for your work.

problem-second-person-required = A second person is needed
    .detail = Another person has to approve this, of late. Whoever asked cannot decide, nor can an account that made the other one, or was made by it, within thirty days. Ask a colleague.

problem-cross-site-refused = The form did not come from this site
    .detail = Open the page again and repeat the step.

problem-state-conflict = The record has changed and no longer allows this
    .detail = Load it again and decide anew.

problem-count-differs = The register knows another number of units
    .detail = Nothing was confirmed. Look at the list of units: one may have been used, or have come in, without being entered.
problem-code-taken = This code is already in use
    .detail = Choose another code.

problem-unknown-reference = Something that the request names does not exist
    .detail = Correct the field named below.

problem-donor-already-registered = This donor is already in the register
    .detail = Open the existing record instead.

problem-donor-unbookable = This donor cannot be booked at present
    .detail = The record waits for review or is closed for booking.

problem-not-eligible = Not available to donate at present
    .detail = The date in the answer, if there is one, says when to ask again; the blood bank has the details.

problem-already-booked = There is already an appointment at this drive or on this day
    .detail = Cancel the present one first to choose another time.

problem-slot-full = This time is full
    .detail = Choose another time at the same drive.

problem-slot-for-women = This time is for women
    .detail = Choose another time at the same drive.

problem-first-timers-full = No more first-time donors in this hour
    .detail = Those who give for the first time need more time, and each hour takes its share of them: choose another hour.

problem-type-not-collected = The drive does not collect this
    .detail = Choose one of the donation types that the drive collects.

problem-drive-full = The drive is full
    .detail = Choose another drive or another day.

problem-drive-closed = The drive is not open for booking
    .detail = Choose another drive.

problem-unit-absent = The unit is not there on this day
    .detail = Choose another day or another unit.

problem-duty-conflict = The duty falls into the rest around a drive
    .detail = Choose another person or another time; where the mode is only a warning, a reason is enough.

problem-din-invalid = The donation number is not valid
    .detail = Scan the label again, or check each character.

problem-din-mismatch = The three numbers differ
    .detail = Compare the number on the form, the bag and the tubes before the bed is left.

problem-not-prepared = The day is not prepared yet
    .detail = Record the physician on call and today's control of the haemoglobin meter first.

problem-not-balanced = The day does not balance
    .detail = End the visits that are open, and account for every number that was handed out: used or spoilt.

problem-din-used = This donation number is already in use
    .detail = Take a new label; keep this one aside and tell the blood bank.

problem-group-unknown = The blood group is not known well enough
    .detail = Wait for the laboratory's confirmed group.

problem-group-discrepancy = Two records of the blood group disagree
    .detail = Stop, and have the laboratory resolve it before anything is issued.

problem-tests-missing = Tests of this donation are still missing
    .detail = Enter the missing results first; whoever enters them does not release.

problem-tests-reactive = The tests of this donation, or of another of the same donor, do not let it go
    .detail = The physician looks into it. Nothing is to be done at the shelf.

problem-unit-expired = The blood unit has expired
    .detail = Choose another unit; this one is to be discarded.

problem-unit-incompatible = The blood unit does not fit this request
    .detail = Choose another unit of the component asked for and of a group in its table; nobody overrides this.

problem-rhd-policy-forbids = The RhD policy does not cover this patient
    .detail = RhD-positive red cells and whole blood may go to an RhD-negative man of 18 and over or woman over 50 without anti-D who is not transfused chronically. Search for RhD-negative units in the region.

problem-identity-damaged = The identity of this record cannot be opened
    .detail = Nothing was shown or changed. Tell the administrator.

problem-password-too-short = The password is too short
    .detail = Use at least 12 characters; several words are easy to remember.

problem-password-too-common = The password is too common
    .detail = Choose one that is not on lists of known passwords.

problem-national-id-invalid = The identity number is not valid
    .detail = Check the number against the document.

problem-phone-invalid = The phone number is not valid
    .detail = Give a local number or one with its country code.

problem-email-invalid = The e-mail address is not valid
    .detail = Give an address such as name@example.org.

problem-name-invalid = The name is not accepted
    .detail = Write each part of the name in one script, without digits or signs.

problem-date-invalid = The date is not valid
    .detail = Write the date as year-month-day, such as 2026-03-01.

problem-busy = The service is busy
    .detail = Nothing was changed. Try again in a moment.

problem-not-ready = The service is not ready yet
    .detail = It is starting. Try again in a moment.

problem-search-warming = The search for names is not ready yet
    .detail = It is being built after the start; everything else works. Try again in a few seconds, or search by a number.

problem-too-many-requests = Too many requests
    .detail = Wait for the time given, then try again.

problem-internal = Something went wrong on our side
    .detail = Nothing is shown of the cause here. Give the administrator the request number.
