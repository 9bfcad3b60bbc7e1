import DesiredState
import Diff
import Reconciler
import Store

/// What differs and what there is.
extension Answer {
    // MARK: What is not as it has to be

    static let driftItem = APISchema.named(
        "DriftItem",
        .object([
            .init("key", text, "the resource that differs"),
            .init(
                "cause", .choice(ChangeCause.words),
                "why it differs; finding: a rule wants it otherwise, and nobody need have changed anything"),
            .init("environment", textOrNull, "the environment that it belongs to; null: it is shared"),
            .init(
                "detail",
                .object([
                    .init("summary", text, "what differs, in one line"),
                    .init("attributes", many(difference), "what differs of it"),
                    .init("source", place, "where it is wanted, if anywhere", required: false),
                    .init(
                        "finding", text, "the code of what a rule wants otherwise; left out where none does",
                        required: false),
                ]), "what differs"),
            .init("first_seen", .instant, "since when it differs"),
            .init("last_seen", .instant, "when it was last seen to differ"),
            .init("attributes_since", .map(.instant), "since when each attribute differs"),
            .init("mark", .nullable(driftMark), "what people said of it; null: nobody knows of it"),
            .init("run_id", text, "the run that saw it so first"),
        ]))

    private static let difference = APISchema.named(
        "Difference",
        .object([
            .init("path", text, "the attribute"),
            .init("sensitive", .flag, "whether its values are not shown"),
            .init("before", .anything, "as it is; left out where it is sensitive", required: false),
            .init("after", .anything, "as it is wanted; left out where it is sensitive", required: false),
            .init("reference", text, "the resource whose attribute it takes its value from", required: false),
            .init("source", place, "the line that wants it", required: false),
        ]))

    static let driftMark = APISchema.named(
        "DriftMark",
        .object([
            .init("id", text, "its id"), .init("key", text, "the resource"),
            .init("kind", choice(DriftMark.Kind.self), "whether one difference is known, or all are kept quiet"),
            .init("difference", textOrNull, "the digest of the difference that is known; null: all of the resource"),
            .init("reason", text, "why"), .init("by", text, "who said so"),
            .init("created_at", .instant, "when"),
            .init("until", instantOrNull, "when it ends; null: as long as the difference stays the same"),
        ]))

    static let finding = APISchema.named(
        "Finding",
        .object([
            .init("env", text, "the environment; `global`: it is shared"),
            .init("kind", text, "what sort it is, such as drift or gate_failed"),
            .init("key", text, "what it is about"),
            .init("status", choice(FindingRecord.Status.self), "how it stands"),
            .init("evidence", .anything, "what was seen, by its kind"),
            .init("suggested_action", textOrNull, "the command to go on with"),
            .init("first_seen", .instant, "since when it stands"),
            .init("last_seen", .instant, "when it was last seen"),
            .init("resolved_at", instantOrNull, "when it was gone"),
        ]))

    static let gate = APISchema.named(
        "Gate",
        .object([
            .init("gate", text, "its name"), .init("title", text, "what it holds the documents to"),
            .init(
                "verdict", .choice(["pass", "fail", "unknown", "not_asked"]),
                "what came of it; unknown: it could not be looked at"),
            .init("exit_status", .count, "of a script with this one check: 0 right, 1 violated, 2 not to be read"),
            .init("why", text, "the verdict in one sentence"),
            .init("codes", texts, "the codes of what was found"),
            .init("required_at", texts, "the lines that require it"),
            .init("findings", many(diagnostic), "what was found, with places"),
        ]))

    static let notice = APISchema.named(
        "Notice",
        .object([
            .init("id", text, "its id"), .init("kind", choice(Notice.Kind.self), "what has happened"),
            .init("subject", text, "what it is about"),
            .init("environment", textOrNull, "the environment that it is about"),
            .init("at", .instant, "when it happened"),
            .init("run", textOrNull, "the run that tells it"),
            .init("payload", .anything, "what more there is to say, by its kind"),
        ]))

    // MARK: What there is

    static let thing = APISchema.named(
        "InventoryEntry",
        .object([
            .init("key", text, "kind and name"), .init("kind", text, "such as digitalocean.droplet"),
            .init("name", text, "what we call it"), .init("provider_id", text, "what the provider calls it"),
            .init("environment", textOrNull, "the environment that it belongs to; null: it is shared"),
            .init("revision", text, "the commit by which it was last changed"),
            .init("protected", .flag, "whether it may not be destroyed"),
            .init("adopted", .flag, "whether it was there before us"),
            .init("created_at", .instant, "since when we own it"),
        ]))

    static let integration = APISchema.named(
        "Integration",
        .object([
            .init("id", text, "its id"), .init("name", text, "what people call it"),
            .init("baseline_allowed", .flag, "whether everybody may have it"),
            .init("status", text, "how far it is set up"), .init("category", text, "what it is for"),
            .init("provider", text, "who offers it"), .init("plan_tier", text, "the plan that it needs"),
            .init("required_secrets", texts, "names of the secrets that it needs"),
            .init("egress", texts, "addresses that it has to reach"),
            .init("description", textOrNull, "what it does"), .init("docs_url", textOrNull, "its own manual"),
            .init("document", textOrNull, "its document in the repository"),
            .init("checked_at", instantOrNull, "when it was last looked at"),
        ]))

    static let secretSync = APISchema.named(
        "SecretSync",
        .object([
            .init("id", text, "its id"), .init("provider", text, "where secrets were brought"),
            .init("target", text, "the project there"), .init("actor", text, "who asked for it"),
            .init("status", choice(SecretSyncRecord.Status.self), "what came of it"),
            .init("pushed", texts, "names that were set"),
            .init("skipped", texts, "names that were as they should be, or have no value"),
            .init("error", textOrNull, "what went wrong"), .init("error_code", textOrNull, "its code"),
            .init("started_at", .instant, "when it began"), .init("finished_at", instantOrNull, "when it ended"),
        ]))

    static let look = APISchema.named(
        "Look",
        .object([
            .init("kind", text, "what is looked at, such as supabase.project"),
            .init("names", texts, "what was asked for"),
            .init("tried_at", .instant, "when it was last asked for"),
            .init("problem", textOrNull, "why the last try showed nothing; null where it did"),
            .init("seen_at", instantOrNull, "when objects were last seen; null: never"),
            .init("completeness", .choice(["complete", "partial", "unknown"]), "whether all of them were seen"),
            .init("reason", textOrNull, "why not all of them were"),
            .init(
                "objects",
                many(
                    .object([
                        .init("name", text, "what we call it"), .init("id", text, "what the provider calls it"),
                        .init("attributes", .anything, "what the provider says of it"),
                        .init("created_at", instantOrNull, "when it was made, as far as the provider says"),
                    ])), "what was seen"),
        ]))

    static let advisorRule = APISchema.named(
        "AdvisorRule",
        .object([
            .init("id", text, "its id, unique across all packs"), .init("pack", text, "the pack that it stands in"),
            .init("pillar", text, "what it serves, as written, such as reliability"),
            .init("severity", choice(AdvisorRule.Severity.self), "how much it matters"),
            .init("title", text, "the same as check in one line"),
            .init("check", text, "what has to hold, as written for people"),
            .init(
                "verdict", choice(AdvisorAnswer.Verdict.self),
                "what came of it; unknown: what is observed can't tell, or this program doesn't know the rule"),
            .init("why", text, "the verdict in one sentence; of unknown what is missing"),
            .init("workbook", textOrNull, "the workbook by which people mend it"),
            .init("source", text, "where it stands"),
        ]))

    // MARK: What was told and sent

    static let logLine = APISchema.named(
        "LogLine",
        .object([
            .init("id", text, "its id"), .init("at", .instant, "when it was told"),
            .init("service", choice(LogLine.Service.self), "the part that tells it"),
            .init("level", choice(LogLine.Level.self), "how much it matters"),
            .init("environment", textOrNull, "the environment that it is about"),
            .init("correlation_id", textOrNull, "the run or the delivery that it belongs to"),
            .init("type", text, "what sort of line it is, such as step or warning"),
            .init("message", text, "what it tells, for people"),
            .init("run", textOrNull, "the run that tells it"),
            .init("payload", .anything, "what more there is, by its type"),
        ]))

    static let auditLine = APISchema.named(
        "AuditLine",
        .object([
            .init("id", text, "its id"), .init("at", .instant, "when"),
            .init("action", text, "what was done, such as env.extend"), .init("target", text, "to what"),
            .init("actor", text, "by whom"), .init("detail", .anything, "how, why and from where, by the action"),
        ]))

    static let delivery = APISchema.named("Delivery", .object(deliveryMembers))

    /// With what it brought.
    static let wholeDelivery = APISchema.named(
        "WholeDelivery",
        .object(
            deliveryMembers + [
                .init("headers", .anything, "those of its headers that tell something; never a signature"),
                .init("body", .anything, "without what looks like a secret; null where nothing of it is kept"),
            ]))

    private static let deliveryMembers: [APISchema.Field] = [
        .init("id", text, "its id"), .init("provider", text, "who sent it"),
        .init("delivery_id", text, "what the provider knows it by"),
        .init("event", text, "what it tells, such as push"),
        .init("scope", textOrNull, "the repository, project or domain that it is about"),
        .init("state", choice(DeliveryRecord.State.self), "how it stands"),
        .init("attempts", .count, "how often work on it has begun"),
        .init("reason", textOrNull, "why it was ignored, or what went wrong"),
        .init("error_code", textOrNull, "the code of what went wrong"),
        .init("received_at", .instant, "when it came"),
        .init("available_at", .instant, "nobody works on it before"),
        .init("finished_at", instantOrNull, "when work on it ended"),
        .init("body_bytes", .count, "how long its body was"),
        .init("body_sha256", text, "the digest of its body as it came, in hexadecimal"),
    ]

    static let schedule = APISchema.named(
        "Schedule",
        .object([
            .init("id", text, "its id"), .init("name", text, "what people call it"),
            .init("environment", textOrNull, "the environment whose backup it is; null: a chore"),
            .init("cron", textOrNull, "when it is due; null before a commit was read, as all that a commit says"),
            .init("time_zone", textOrNull, "whose clocks cron means"),
            .init("runner", textOrNull, "who does it"),
            .init("state", .choice(["active", "blocked", "disabled", "by_hand", "unknown"]), "how it stands"),
            .init("reason", text, "why it does not run by itself; left out where it does", required: false),
            .init("lane", textOrNull, "with whom it shares workers"),
            .init("last_state", .nullable(choice(ScheduleSlot.State.self)), "how its last run ended"),
            .init("last_slot", instantOrNull, "when that was due"),
            .init("next_slot", instantOrNull, "when it is due next, in UTC"),
            .init("next_slot_local", instantOrNull, "the same instant as the clocks of time_zone show it"),
            .init("source", textOrNull, "the line that wants it"),
        ]))
}
