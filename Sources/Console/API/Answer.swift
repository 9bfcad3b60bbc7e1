import DesiredState
import Diff
import Reconciler
import Store

/// What answers hold, member by member: each with its type, and in one line what it means.
///
/// An object that several answers hold, or that is too long to stand beside its route, has a name here; the others stand
/// in the table of routes. They are closed, so that what the document doesn't know can't be answered unnoticed; what a
/// provider or a document of somebody else says is open.
enum Answer {
    // MARK: Types

    /// However long: an answer may tell of what others wrote.
    static let text = APISchema.text(most: 1 << 20)
    static let textOrNull = APISchema.nullable(text)
    static let instantOrNull = APISchema.nullable(.instant)
    static let texts = many(text)

    /// A list that is not in parts.
    static func many(_ item: APISchema) -> APISchema { .list(item, most: 1_000_000) }

    static func choice<Words: CaseIterable & RawRepresentable<String>>(_ words: Words.Type) -> APISchema {
        APIEndpoints.choice(words)
    }

    // MARK: What stands in many of them

    /// A line of a document.
    static let place = APISchema.named(
        "Place",
        .object([
            .init("file", text, "the document's path in the repository"),
            .init("line", .count, "from 1"), .init("column", .count, "from 1"),
        ]))

    static let environment = APISchema.named(
        "Environment",
        .object([
            .init("name", text, "its name, which is also its key"),
            .init("tier", choice(Tier.self), "what it is for"),
            .init("ttl_class", .nullable(choice(TTLClass.self)), "the class of its time to live"),
            .init("branch", textOrNull, "the branch that it shows"),
            .init("status", choice(EnvironmentRow.Status.self), "where in its life it is"),
            .init("sync", choice(EnvironmentRow.Sync.self), "whether what is there is what git wants"),
            .init("sync_reason", text, "why sync is so, in one sentence"),
            .init("drift", .count, "how many resources differ without anybody having accepted it"),
            .init("health", choice(EnvironmentStanding.Health.self), "how what is there fares"),
            .init("health_reason", textOrNull, "why health is so; null before a pass has looked"),
            .init("revision", textOrNull, "the commit that is wanted; of one that is left alone, as of then"),
            .init("created_at", instantOrNull, "when it began; null: not yet"),
            .init("expires_at", instantOrNull, "when it ends; null: never, or nobody knows"),
            .init("seconds_left", .nullable(.count), "until expires_at; negative: it has passed"),
            .init(
                "unwanted_since", instantOrNull,
                "since when nothing wants it any more; null: something does, or it is gone"),
            .init(
                "goes_at", instantOrNull,
                "when what it owns goes, after its end and its grace; null: not by time, or with the next pass"),
            .init(
                "keep", textOrNull, "the operator's command that gives it more time; null: it has no end, or is gone"),
            .init("extension_days", .count, "days that people have added to its time"),
            .init("pinned", .flag, "whether a person keeps it from expiring"),
            .init("pinned_until", instantOrNull, "when the pin ends by itself"),
            .init("pin_reason", textOrNull, "why it is pinned"),
            .init("pinned_by", textOrNull, "who pinned it"),
            .init("suspended", .flag, "whether a person has it left alone"),
            .init("suspended_until", instantOrNull, "when the suspension ends by itself"),
            .init("suspend_reason", textOrNull, "why it is suspended"),
            .init("suspended_by", textOrNull, "who suspended it"),
            .init("deployed_at", instantOrNull, "when steps were last done for it"),
            .init("deployed_revision", textOrNull, "the commit that they brought about"),
            .init("deployed_by_run", textOrNull, "the run that did them"),
            .init("active_at", instantOrNull, "when somebody last worked on it or used it, as far as is known"),
            .init("host", textOrNull, "the host that it runs on"),
            .init("domain", textOrNull, "the name under which it is reached"),
            .init("database", textOrNull, "its database"),
            .init("cost_monthly_usd", textOrNull, "what it costs a month in US dollars, as a decimal: 24.00"),
            .init(
                "changed", .flag,
                "in the answer to what changes it: whether that changed anything; false: it was so already",
                required: false
            ),
        ]))

    static let approval = APISchema.named("Approval", .object(approvalMembers))

    /// An approval that was given just now, with what a window does to it.
    static let givenApproval = APISchema.named(
        "GivenApproval",
        .object(
            approvalMembers + [
                .init(
                    "window", textOrNull, "the line of the window or freeze that keeps the change so far; null: none"),
                .init(
                    "opens_at", instantOrNull, "when that lets it happen at the earliest; null: no opening is in sight"),
                .init(
                    "hours", .nullable(.count),
                    "the hours that an approval has to hold for it; null: this one does, or the policy lets none hold so long"
                ),
            ]))

    private static let approvalMembers: [APISchema.Field] = [
        .init("id", text, "its id"),
        .init("key", text, "the resource whose change it allows"),
        .init("action", text, "what may be done to it"),
        .init("change", text, "the digest of exactly this change; another one needs another yes"),
        .init("standing", .choice(["standing", "used", "revoked", "expired"]), "whether it still counts"),
        .init("approved_by", text, "who said yes"),
        .init("reason", textOrNull, "why"),
        .init("run", text, "the run in whose plan the change waited"),
        .init("created_at", .instant, "when it was given"),
        .init("expires_at", .instant, "when it ends"),
        .init("revoked_at", instantOrNull, "when it was taken back"),
        .init("revoked_by", textOrNull, "who took it back"),
        .init("used_at", instantOrNull, "when the change was made"),
        .init("used_by", textOrNull, "the run that made it"),
    ]

    static let user = APISchema.named("User", .object(userMembers))

    /// A user who may something else than before, with what else went and stays.
    static let changedUser = APISchema.named("ChangedUser", .object(userMembers + lossMembers + [notes]))

    /// A user who was added just now.
    static let newUser = APISchema.named("NewUser", .object(userMembers + [notes]))

    /// What may not be meant of what was done.
    private static let notes = APISchema.Field(
        "notes", texts, "what may not be meant: a sentence for each role at an environment that there isn't")

    private static let userMembers: [APISchema.Field] = [
        .init("name", text, "what they log in with"),
        .init("grants", texts, "their roles, each with where it holds: developer@staging"),
        .init("created_at", .instant, "when they were added"),
        .init("disabled_at", instantOrNull, "since when they can't log in; null: they can"),
    ]

    /// What else goes, and what stays, when somebody may do less than before.
    static let lossMembers: [APISchema.Field] = [
        .init("approvals", texts, "the resources whose change they had approved, which waits for another yes now"),
        .init("keys", texts, "the names of the keys that they made and that still open"),
    ]

    static let key = APISchema.named("Key", .object(keyMembers))

    /// A key that was made just now, with itself.
    static let newKey = APISchema.named(
        "NewKey",
        .object(
            keyMembers + [
                .init("key", textOrNull, "the key itself, shown this once; null where the request is sent again"),
                notes,
            ]))

    private static let keyMembers: [APISchema.Field] = [
        .init("id", text, "its id"),
        .init("name", text, "what people call it"),
        .init("grants", texts, "its roles, each with where it holds: developer@staging"),
        .init("scopes", .nullable(texts), "the permissions that it is narrowed to; null: all of its roles"),
        .init("created_at", .instant, "when it was made"),
        .init("created_by", text, "who made it"),
        .init("expires_at", instantOrNull, "when it ends; null: never"),
        .init("revoked_at", instantOrNull, "when it was taken back"),
    ]
}
