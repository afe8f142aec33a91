//! What the person of the demo account has to do and has done.

/// A task, in days relative to today.
pub(super) struct DemoTask {
    pub(super) title: &'static str,
    pub(super) description: &'static str,
    pub(super) labels: &'static [&'static str],
    pub(super) priority: &'static str,
    /// How many days ago it was written down.
    pub(super) written: u8,
    /// When it is due, in days from today.
    pub(super) due: Option<i8>,
    pub(super) time: Option<&'static str>,
    /// Whether it has been begun.
    pub(super) begun: bool,
    /// How many days ago it was completed.
    pub(super) done: Option<u8>,
}

const fn task(title: &'static str, labels: &'static [&'static str], written: u8) -> DemoTask {
    DemoTask {
        title,
        description: "",
        labels,
        priority: "none",
        written,
        due: None,
        time: None,
        begun: false,
        done: None,
    }
}

impl DemoTask {
    const fn about(mut self, description: &'static str) -> Self {
        self.description = description;
        self
    }

    const fn due(mut self, days: i8) -> Self {
        self.due = Some(days);
        self
    }

    const fn at(mut self, time: &'static str) -> Self {
        self.time = Some(time);
        self
    }

    const fn low(mut self) -> Self {
        self.priority = "low";
        self
    }

    const fn medium(mut self) -> Self {
        self.priority = "medium";
        self
    }

    const fn high(mut self) -> Self {
        self.priority = "high";
        self
    }

    const fn begun(mut self) -> Self {
        self.begun = true;
        self
    }

    const fn done(mut self, days_ago: u8) -> Self {
        self.done = Some(days_ago);
        self
    }
}

const HOME: &[&str] = &["home"];
const WORK: &[&str] = &["work"];
const ERRANDS: &[&str] = &["errands"];
const HEALTH: &[&str] = &["health"];
const TRIP: &[&str] = &["lisbon"];
const WORK_WRITING: &[&str] = &["work", "writing"];

pub(super) const TASKS: &[DemoTask] = &[
    // Overdue
    task("Renew the passport", ERRANDS, 21).due(-4).high().about(
        "The office is open **Tuesday and Thursday**, 8:00 to 12:00.\n\n- [ ] new photo\n- [ ] old passport\n- [ ] 37.50 in cash",
    ),
    task("Return the library books", ERRANDS, 16).due(-2),
    task("Send the March invoice again", WORK, 9).due(-1).medium(),
    // Today
    task("Call the dentist about the crown", HEALTH, 3).due(0).at("11:30").high(),
    task("Review Mina's draft of the release notes", WORK_WRITING, 2).due(0).at("16:00").medium().begun(),
    task("Water the plants", HOME, 1).due(0),
    task("Buy oat milk, coffee and lemons", ERRANDS, 0).due(0).low(),
    // Tomorrow
    task("Pay the rent", HOME, 12).due(1).at("18:00").high(),
    task("Prepare questions for the interview", WORK, 4).due(1).at("09:30").medium().about(
        "Ask about the *first* project, not the largest one. See https://example.org/interviews.",
    ),
    task("Put the bins out", HOME, 2).due(1).at("20:00"),
    // This week
    task("Book the train to Lisbon", TRIP, 8).due(2).high().begun(),
    task("Write the summary of the customer interviews", WORK_WRITING, 6).due(3).medium().begun(),
    task("Fix the bicycle's rear light", HOME, 10).due(3).low(),
    task("Lunch with Jonas", &["friends"], 5).due(4).at("12:30"),
    task("Back up the laptop", HOME, 14).due(5).medium(),
    task("Choose a present for Ada", &["friends", "errands"], 7).due(6),
    // Later
    task("Dinner for eight: decide on a menu", &["home", "friends"], 4).due(9).at("19:00"),
    task("Pack for Lisbon", TRIP, 8).due(12).about(
        "- [ ] rain jacket\n- [ ] charger\n- [ ] the small camera\n- [ ] tickets on paper",
    ),
    task("Send the tax documents to Ms Okafor", HOME, 20).due(15).high(),
    task("Yearly check of the bicycle", ERRANDS, 18).due(17).low(),
    task("Quarterly planning: collect ideas from everybody", WORK, 3).due(20).medium(),
    task("Renew the domain", WORK, 25).due(28),
    task("Eye test", HEALTH, 11).due(34).at("14:15"),
    task("Cancel the trial subscription", HOME, 1).due(26).at("10:00").high(),
    // No date
    task("Read the book on letterpress", &["reading"], 30).low(),
    task("Find out how the heating is programmed", HOME, 33).begun(),
    task("Sketch the shelf for the hall", HOME, 26).low().begun(),
    task("Learn three songs on the ukulele", &["fun"], 40),
    task("Collect ideas for the talk in May", WORK_WRITING, 19).medium().begun(),
    task("Sort the photos of the last two years", HOME, 38).low(),
    task("Ask Priya about the running group", HEALTH, 5),
    task("Try the bakery on Linden Street", &["fun"], 2).low(),
    // Done, so that there are figures
    task("Confirm the room for the workshop", WORK, 2).due(0).done(0).medium(),
    task("Clean the coffee machine", HOME, 3).done(0),
    task("Reply to the landlord", HOME, 4).due(-1).done(1).high(),
    task("Book the dentist", HEALTH, 5).done(1),
    task("Send the agenda", WORK, 3).due(-1).done(1),
    task("Pick up the parcel", ERRANDS, 3).done(2),
    task("Merge the translations", WORK, 6).due(-2).done(2).medium(),
    task("Swim", HEALTH, 4).done(3).low(),
    task("Proofread the offer", WORK_WRITING, 7).due(-3).done(4).high(),
    task("Buy a new bicycle pump", ERRANDS, 13).done(5),
    task("Invite everybody to dinner", &["friends"], 9).due(-5).done(5),
    task("Write to grandmother", &["friends"], 15).done(6),
    task("Release 2.4", WORK, 18).due(-7).done(7).high(),
    task("Test the release on the old phone", WORK, 12).done(7),
    task("Vacuum behind the sofa", HOME, 11).done(8).low(),
    task("Vaccination", HEALTH, 30).due(-9).at("08:40").done(9).medium(),
    task("Draft the release notes", WORK_WRITING, 14).done(9),
    task("Compare night trains", TRIP, 16).done(10),
    task("Change the winter tyres", ERRANDS, 24).due(-11).done(11),
    task("Interview: Mrs Sato", WORK, 17).due(-12).at("10:00").done(12).medium(),
    task("Interview: Mr Brandt", WORK, 17).due(-13).at("15:00").done(13).medium(),
    task("Descale the kettle", HOME, 20).done(13).low(),
    task("Hand in the travel expenses", WORK, 22).due(-14).done(15),
    task("Look for a place in Alfama", TRIP, 27).done(16),
    task("Repair the kitchen drawer", HOME, 29).done(18),
    task("Write the interview guide", WORK_WRITING, 28).due(-20).done(19).high(),
    task("Donate the old coats", ERRANDS, 31).done(21),
    task("Plan the workshop", WORK, 32).done(23).medium(),
    task("Blood test", HEALTH, 35).due(-25).at("07:30").done(25),
    task("Order a new router", HOME, 34).done(27),
    task("Send the contract back", WORK, 36).due(-28).done(28).high(),
];
