### What is said with blood units: reminders, notes and cautions.

stock-reminder-two-samples = Two samples, taken separately, confirm the patient's group.
stock-reminder-antibody-screen = Screen the patient's plasma for antibodies.
stock-reminder-crossmatch = Crossmatch before issue; this list does not replace it.

stock-note-declared-is-unknown = A group that was only declared counts as unknown.
stock-note-unknown-group = Take the samples first. Units are chosen as for a patient of unknown group; past two O− red cells the case is looked at again.
stock-note-donors-are-no-units = Donors are not tested units: the two are never added up.
stock-note-plasma-reversed = For plasma the order is reversed: AB plasma fits every patient, O plasma fits only group O.
stock-note-whole-blood-untitred = No titre is recorded for these units, so whole blood is listed only for its own ABO group.
stock-note-nothing-fits = No released unit of this region fits. What stands nearest is listed below.
stock-note-by-policy = RhD-positive units need the RhD policy and the name of the person who authorises them.
stock-note-sites-silent = Some blood banks have reported nothing for too long: call before you count on what they hold.
stock-note-cut-off = Units behind closed roads are counted apart, and none of them is listed.
stock-note-hospital-cut-off = No road leads from here to this hospital now.
stock-note-not-shared = Other regions are listed each on its own: nothing is shared with them unless a road is opened.

stock-caution-low-titre-required = A low titre is required, and must still be valid at issue.
stock-caution-low-titre-preferred = A low titre is preferred.
stock-caution-second-person-for-child = For a child or a newborn a second person must agree.
stock-caution-policy-rhd-positive-to-negative = RhD-positive for an RhD-negative patient: only by policy, with a named authoriser.
stock-caution-rhd-negative-preferred = Women up to 50 and children: RhD-negative if there is one, else anti-D.
stock-caution-spare-rhd-negative = RhD-negative blood for an RhD-positive patient: only when nothing else fits or it expires soon.
stock-caution-plasma-compatible-for-child = For a child a plasma-compatible unit comes first.
