### Words that every page and message shares.

app-name = Shiryan
app-purpose = Blood donation, drives and the strategic reserve

language-switch = العربية
language-name = English

action-sign-in = Sign in
action-sign-out = Sign out
action-save = Save
action-cancel = Cancel
action-back = Back
action-next = Next page
action-retry = Try again
action-search = Search

word-yes = Yes
word-no = No
word-none = None
word-unknown = Not known
word-total = Total
word-as-of = As of

blood-group-o-neg = O negative
blood-group-o-pos = O positive
blood-group-a-neg = A negative
blood-group-a-pos = A positive
blood-group-b-neg = B negative
blood-group-b-pos = B positive
blood-group-ab-neg = AB negative
blood-group-ab-pos = AB positive

component-whole-blood = Whole blood
component-red-cells = Red cells
component-platelets = Platelets
component-plasma = Plasma
component-cryoprecipitate = Cryoprecipitate

donation-type-whole-blood = Whole blood
donation-type-double-red-cells = Double red cells
donation-type-platelet-apheresis = Platelet apheresis
donation-type-plasma-apheresis = Plasma apheresis

level-green = Sufficient
level-watch = Watch
level-amber = Low
level-red = Critical
level-black = Very critical
level-unknown = Not known

region-west-bank-north = Northern West Bank
region-west-bank-centre = Central West Bank
region-east-jerusalem = East Jerusalem
region-west-bank-south = Southern West Bank
region-gaza-north = Northern Gaza
region-gaza-south = Southern Gaza

governorate-ps-jen = Jenin
governorate-ps-tbs = Tubas and the Northern Valleys
governorate-ps-tkm = Tulkarm
governorate-ps-nbs = Nablus
governorate-ps-qqa = Qalqilya
governorate-ps-slt = Salfit
governorate-ps-rbh = Ramallah and Al-Bireh
governorate-ps-jrh = Jericho and the Valley
governorate-ps-jem = Jerusalem
governorate-ps-bth = Bethlehem
governorate-ps-hbn = Hebron
governorate-ps-ngz = North Gaza
governorate-ps-gza = Gaza
governorate-ps-deb = Deir al-Balah
governorate-ps-kys = Khan Yunis
governorate-ps-rfh = Rafah

# An entry of a calendar that a program reads: when, and nothing else.
agenda-entry = Activity
