//! Registering a donor.

use actix_web::web;
use askama::Template;
use shiryan_kernel::blood::{BloodGroup, Sex};
use shiryan_kernel::ids::DonorId;
use shiryan_kernel::place::Governorate;
use shiryan_kernel::problem::Faults;
use shiryan_kernel::status::DonorKind;
use shiryan_kernel::{Code, Problem, Result};

use super::LIST;
use crate::accounts::{Actor, RegisterDonors, unit_roots};
use crate::db::{Lane, Tx};
use crate::donors::form::DonorForm;
use crate::donors::{Budget, met_known};
use crate::eligibility;
use crate::http::{Answer, House, NoQuery};
use crate::places;
use crate::texts::Lang;
use crate::web::{Choice, Fields, Frame, Part, Posted, Said, Sheet, Visitor, go, is_for_the_form, western};

const MOST_UNITS: i64 = 200;

#[derive(Template)]
#[template(path = "donor_new.html")]
struct Page {
    frame: Frame,
    said: Option<Said>,
    parts: Vec<Part>,
}

async fn page(
    house: &House,
    visitor: &Visitor,
    by: &Actor<RegisterDonors>,
    fields: &Fields,
    problem: Option<&Problem>,
) -> Result<Page> {
    let who = by.clone();
    let units = house
        .db
        .read(move |conn| {
            let roots = if who.is_unit_bound() { Some(unit_roots(conn, who.user)?) } else { None };
            places::units(conn, roots.as_deref(), 0, MOST_UNITS)
        })
        .await?;
    let frame = Frame { at: "/donors/new".to_owned(), ..Frame::of(house, visitor, "donor-new-title") };
    let say = frame.say;
    let sheet = Sheet { say, list: LIST, fields, problem };
    let unit = |unit: &places::Unit| Choice {
        code: unit.id.to_string(),
        text: if say.0 == Lang::Ar { unit.name_ar.clone() } else { unit.name_en.clone() },
        chosen: fields.written("unit") == unit.id.to_string(),
    };
    let with_none = |name: &str, mut choices: Vec<Choice>| {
        choices.insert(0, Choice { code: String::new(), text: say.text("word-unknown"), chosen: false });
        sheet.choice(name, choices)
    };
    let words = |name: &str, list: &str, codes: Vec<&'static str>| {
        with_none(name, Choice::words(say, list, codes.into_iter(), fields.written(name)))
    };
    let units: Vec<Choice> = units.iter().map(unit).collect();
    let unit =
        if by.is_unit_bound() { sheet.choice("unit", units).needed() } else { with_none("unit", units) };
    let part = |legend: &str, inputs| Part { legend: say.text(legend), inputs };
    let parts = vec![
        part(
            "donor-part-name",
            vec![
                sheet.line("first_name", 60).needed(),
                sheet.line("father_name", 60),
                sheet.line("grandfather_name", 60),
                sheet.line("family_name", 60).needed(),
                sheet.words("sex", "sex", Sex::ALL.iter().map(|sex| sex.code())).needed(),
                sheet.date("birth_date").needed(),
            ],
        ),
        part(
            "donor-part-numbers",
            vec![
                sheet.code("service_number", 40),
                sheet.code("national_id", 9),
                sheet.code("phone", 20),
                sheet.code("email", 120),
            ],
        ),
        part(
            "donor-part-where",
            vec![
                unit,
                words(
                    "governorate",
                    "governorate",
                    Governorate::ALL.iter().map(|place| place.code()).collect(),
                ),
                sheet.line("place", 120),
            ],
        ),
        part(
            "donor-part-body",
            vec![
                words(
                    "blood_group",
                    "blood-group",
                    BloodGroup::ALL.iter().map(|group| group.code()).collect(),
                )
                .hint(say.text("donor-declared-hint")),
                sheet.number("weight_kg", (20, 400)),
                sheet.number("height_cm", (80, 260)),
                words("kind", "donor-kind", DonorKind::ALL.iter().map(|kind| kind.code()).collect()),
            ],
        ),
        part(
            "donor-part-wishes",
            vec![
                words("language", "language", vec!["ar", "en"]),
                sheet.tick("may_call"),
                sheet.tick("may_text"),
                sheet.tick("may_email"),
            ],
        ),
    ];
    Ok(Page { said: problem.map(|problem| Said::of(say, LIST, problem)), parts, frame })
}

pub(super) async fn ask(house: web::Data<House>, visitor: Visitor, _query: NoQuery) -> Answer {
    let by: Actor<RegisterDonors> = visitor.seat()?;
    Ok(visitor.page(&page(&house, &visitor, &by, &Fields::default(), None).await?)?)
}

pub(super) async fn submit(house: web::Data<House>, posted: Posted<Fields>) -> Answer {
    let by: Actor<RegisterDonors> = posted.visitor.seat()?;
    match register(&house, &by, &posted).await {
        Ok(id) => Ok(go(&format!("/donors/{id}"))),
        Err(problem) if !is_for_the_form(&problem) => Err(problem.into()),
        Err(problem) => {
            let page = page(&house, &posted.visitor, &by, &posted.form, Some(&problem)).await?;
            Ok(posted.visitor.page_of(problem.code, &page)?)
        }
    }
}

async fn register(house: &House, by: &Actor<RegisterDonors>, posted: &Posted<Fields>) -> Result<DonorId> {
    let new = told(&posted.form)?.parse(house.today())?;
    let (vault, book, who) = (house.vault.clone(), house.rules.clone(), by.clone());
    let made = house
        .once(by, posted.print.by(by.user), move |tx| eligibility::enrol(tx, &vault, &book, &who, &new))
        .await;
    // That one of the numbers is known counts as a look-up.
    if made.as_ref().is_err_and(|problem| problem.code == Code::DonorAlreadyRegistered) {
        let budget = Budget { a_day: house.settings.donors.exact_look_ups_a_day, today: house.today() };
        let (vault, who) = (house.vault.clone(), by.clone());
        let counted = move |tx: &mut Tx| met_known(tx, &vault, &who, budget);
        house.db.write(Lane::Actor(by.user.0), counted).await?;
    }
    Ok(made?.id)
}

/// What the fields say. Whoever ticks no wish is asked another time: no box is a refusal.
fn told(fields: &Fields) -> Result<DonorForm> {
    let mut faults = Faults::none();
    let own = |name: &str| fields.said(name).map(ToOwned::to_owned);
    let number = |name: &str| fields.said(name).map(western);
    let wish = |name: &str| fields.is(name).then_some(true);
    let sex = fields.need(&mut faults, "sex");
    let birth_date = fields.need(&mut faults, "birth_date");
    let form = DonorForm {
        first_name: fields.written("first_name").to_owned(),
        father_name: own("father_name"),
        grandfather_name: own("grandfather_name"),
        family_name: fields.written("family_name").to_owned(),
        latin_first_name: None,
        latin_father_name: None,
        latin_grandfather_name: None,
        latin_family_name: None,
        sex: sex.unwrap_or(Sex::Female),
        birth_date: birth_date.unwrap_or_default(),
        national_id: number("national_id"),
        service_number: number("service_number"),
        phone: number("phone"),
        email: own("email"),
        place: own("place"),
        blood_group: fields.read(&mut faults, "blood_group"),
        unit: fields.read(&mut faults, "unit"),
        governorate: fields.read(&mut faults, "governorate"),
        weight_kg: fields.read(&mut faults, "weight_kg"),
        height_cm: fields.read(&mut faults, "height_cm"),
        kind: fields.read(&mut faults, "kind"),
        language: fields.said("language").and_then(Lang::parse),
        may_call: wish("may_call"),
        may_text: wish("may_text"),
        may_email: wish("may_email"),
        quiet_from: None,
        quiet_until: None,
    };
    faults.settle()?;
    Ok(form)
}
