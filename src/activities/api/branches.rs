//! `GET /branches`: what each branch is called, asks of a body and records.

use actix_web::{HttpResponse, get};
use serde::Serialize;
use shiryan_kernel::branch::fields::{Choice, Field, Kind, Part, Reach};
use shiryan_kernel::branch::{Branch, PhysicalLoad};
use utoipa::ToSchema;

use crate::accounts::{Actor, SignedIn};
use crate::http::{Answer, NoQuery};

#[derive(Debug, Serialize, ToSchema)]
struct BranchView {
    code: Branch,
    name_ar: &'static str,
    name_en: &'static str,
    /// What its work asks of a body unless the activity says otherwise.
    usual_loads: Vec<LoadView>,
    /// What is told before an activity.
    facts: Vec<FieldView>,
    /// What is told once it is under way or done.
    outcomes: Vec<FieldView>,
}

#[derive(Debug, Serialize, ToSchema)]
struct LoadView {
    code: PhysicalLoad,
    name_ar: &'static str,
    name_en: &'static str,
}

/// A field of `facts` or `outcomes`.
#[derive(Debug, Serialize, ToSchema)]
struct FieldView {
    code: &'static str,
    name_ar: &'static str,
    name_en: &'static str,
    /// `name` (1 to 120 characters), `words` (1 to 500, several lines), `names` (1 to 20 names), `count` (0 to
    /// 10 000 000), `day`, `hijri_day` or `choice`.
    kind: &'static str,
    /// Shown to those who run the activity, those who take part and command.
    confidential: bool,
    /// Must be there before the activity is approved, or one of these other fields in its place.
    needed: Option<Vec<&'static str>>,
    /// The answers of a `choice`.
    choices: Vec<ChoiceView>,
}

#[derive(Debug, Serialize, ToSchema)]
struct ChoiceView {
    code: &'static str,
    name_ar: &'static str,
    name_en: &'static str,
}

/// The ten branches of the programme.
#[utoipa::path(tag = "activities", responses((status = 200, description = "All ten", body = Vec<BranchView>)))]
#[get("/branches")]
pub(super) async fn list_branches(_by: Actor<SignedIn>, _query: NoQuery) -> Answer {
    let branches: Vec<BranchView> = Branch::ALL.iter().copied().map(BranchView::from).collect();
    Ok(HttpResponse::Ok().json(branches))
}

impl From<Branch> for BranchView {
    fn from(branch: Branch) -> Self {
        let load =
            |load: &PhysicalLoad| LoadView { code: *load, name_ar: load.name_ar(), name_en: load.name_en() };
        let fields = |part| branch.fields(part).map(|field| FieldView::of(branch, field)).collect();
        Self {
            code: branch,
            name_ar: branch.name_ar(),
            name_en: branch.name_en(),
            usual_loads: branch.usual_loads().iter().map(load).collect(),
            facts: fields(Part::Facts),
            outcomes: fields(Part::Outcomes),
        }
    }
}

impl FieldView {
    fn of(branch: Branch, field: &Field) -> Self {
        let choices = match field.kind {
            Kind::Choice(choices) => choices,
            _ => &[],
        };
        let line = branch.record().needed.iter().find(|line| line.contains(&field.code));
        let others =
            |line: &&[&'static str]| line.iter().filter(|code| **code != field.code).copied().collect();
        Self {
            code: field.code,
            name_ar: field.name_ar,
            name_en: field.name_en,
            kind: kind(field.kind),
            confidential: field.reach == Reach::Confidential,
            needed: line.map(others),
            choices: choices.iter().map(ChoiceView::from).collect(),
        }
    }
}

impl From<&Choice> for ChoiceView {
    fn from(choice: &Choice) -> Self {
        Self { code: choice.code, name_ar: choice.name_ar, name_en: choice.name_en }
    }
}

const fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Name => "name",
        Kind::Words => "words",
        Kind::Names => "names",
        Kind::Count => "count",
        Kind::Day => "day",
        Kind::HijriDay => "hijri_day",
        Kind::Choice(_) => "choice",
    }
}
