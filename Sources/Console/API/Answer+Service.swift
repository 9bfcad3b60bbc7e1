import DesiredState
import Diff
import Reconciler
import Store

/// How the service fares, and why things stand as they do.
extension Answer {
    static let status = APISchema.named(
        "Status",
        .object([
            .init("environments", .map(.count), "how many environments there are in each status"),
            .init(
                "unknown_because", many(text),
                "why nobody knows what is wanted of those that are unknown, each reason once; left out where none is",
                required: false),
            .init("suspended", .count, "how many of them people have left alone"),
            .init("drift", .map(.count), "how many differences stand, by cause"),
            .init("known_drift", .count, "how many differences people know of"),
            .init("looked_at", instantOrNull, "when the world was last looked at; null: nobody has looked yet"),
            .init(
                "not_compared", .count,
                "of how many resources the last look saw too little to say whether they differ"),
            .init("findings", .map(.count), "how many findings there are in each status"),
            .init(
                "only_environments", many(text),
                "those that the caller may read, where it is not all; then runs, plans and hooks are left out",
                required: false),
            .init(
                "plan", .nullable(planStanding), "how the last plan stands with the people whose yes it needs",
                required: false),
            .init("last_run", .nullable(runSummary), "the last run", required: false),
            .init("hooks_waiting", .count, "how many deliveries wait to be worked on", required: false),
            .init("next_pass_at", instantOrNull, "when the next pass begins"),
            .init(
                "shards",
                .object([
                    .init("count", .count, "into how many parts the work is cut"),
                    .init("services", many(sharer), "who looks after which parts"),
                    .init(
                        "leases",
                        many(
                            .object([
                                .init("lease", text, "its name"), .init("holder", text, "who is at work"),
                                .init("expires_at", .instant, "when it ends unless it is renewed"),
                            ])), "who is at work now"),
                ]), "left out where one service does all of the work", required: false),
            .init(
                "loop",
                .object([
                    .init("passes", .count, "how many passes this process has made"),
                    .init("running", .flag, "whether one is under way"),
                    .init("failures_in_a_row", .count, "how many of the last ones failed, up to now"),
                    .init("last_success_at", instantOrNull, "when one last ended well"),
                    .init("last_fault", textOrNull, "code and message of what ended the last one", required: false),
                ]), "the loop of this process; left out where it has none", required: false),
        ]))

    private static let sharer = APISchema.object([
        .init("service", text, "its name"), .init("shards", many(.count), "the parts that it looks after"),
        .init("next_pass_at", instantOrNull, "when its next pass begins"),
        .init("failures_in_a_row", .count, "how many of its last passes failed"),
        .init("stands_aside", .flag, "whether it leaves the work to others for now"),
    ])

    // MARK: Explanations

    /// What a key names decides which of the three it is: `type` says it.
    static let explanation = APISchema.either([explainedResource, explainedEnvironment, explainedEntry])

    private static func shared(_ type: String, _ key: String) -> [APISchema.Field] {
        [
            .init("type", .choice([type]), "what the key names"),
            .init("key", text, key),
            .init("obstacle", .nullable(obstacle), "what is in the way; null where nothing is"),
            .init(
                "next_wake",
                .object([
                    .init("at", instantOrNull, "when it is looked at again; null: nobody knows"),
                    .init("reason", text, "why then"),
                ]), "when something happens next"),
            .init("revision", text, "the commit at which everything was read"),
            .init(
                "head",
                .object([
                    .init("author", text, "who made that commit"), .init("subject", text, "its first line"),
                    .init("at", instantOrNull, "when it was made"),
                ]), "that commit, which need not have changed what is asked about"),
            .init("commit", .nullable(commit), "who changed the lines that want it last; null: nobody knows"),
            .init("attributes", many(explainedAttribute), "each value, with the line that says it"),
        ]
    }

    private static let commit = APISchema.named(
        "Commit",
        .object([
            .init("id", text, "its id"), .init("author", text, "who made it"), .init("at", .instant, "when"),
            .init("subject", text, "its first line"),
        ]))

    private static let obstacle = APISchema.named(
        "Obstacle",
        .object([
            .init("kind", text, "for programs: approval, window, lease, back_off, and so on"),
            .init("key", text, "the resource at which it stands, which may be another one"),
            .init("reason", text, "what it is, in one sentence"),
            .init("source", textOrNull, "the line that sets it"),
            .init("until", instantOrNull, "when it ends by itself"),
            .init("command", textOrNull, "what mends it"),
            .init("path", texts, "from the resource that was asked about to the one at which it stands"),
        ]))

    private static let explainedAttribute = APISchema.named(
        "ExplainedAttribute",
        .object([
            .init("name", text, "what it is called"),
            .init("value", text, "its value for people, without what is sensitive"),
            .init("source", textOrNull, "the line that says it"),
            .init("from", textOrNull, "which document or rule decides it"),
            .init("commit", .nullable(commit), "who changed that line last"),
            .init(
                "before",
                many(
                    .object([
                        .init("value", text, "what it says"), .init("source", textOrNull, "where"),
                        .init("from", text, "which document or rule it is"),
                    ])), "who says something else and comes after, for an environment", required: false),
        ]))

    private static let explainedResource = APISchema.named(
        "ResourceExplanation",
        .object(
            shared("resource", "the resource") + [
                .init("wish", .choice(["known", "none", "unknown"]), "whether anything wants it"),
                .init("source", textOrNull, "the line that wants it"),
                .init("precedence", texts, "which documents decide, the strongest first"),
                .init("environment", textOrNull, "the environment that it belongs to; null: it is shared"),
                .init("provider_id", textOrNull, "what the provider calls it; null where we don't own it"),
                .init("observed", text, "what the provider shows of it, in one line"),
                .init("action", choice(ChangeAction.self), "what is to be done to it"),
                .init("cause", .nullable(choice(ChangeCause.self)), "why it differs; null where it does not"),
                .init("reason", textOrNull, "the same in one sentence"),
                .init("decision", choice(Verdict.self), "whether that may happen"),
                .init("decision_reason", textOrNull, "why it may not, or not yet"),
                .init("blocked_until", instantOrNull, "when it may happen at the earliest"),
                .init("depends_on", texts, "keys of what has to be done before"),
                .init("drift_since", instantOrNull, "since when it differs"),
                .init(
                    "findings",
                    many(
                        .object([
                            .init("code", text, "what its page is called"),
                            .init("message", text, "what is against the rule, in one sentence"),
                            .init("source", textOrNull, "the line that rules it"),
                            .init("hint", textOrNull, "what people can do"),
                            .init("command", text, "what shows the code's page"),
                        ])), "what rules want otherwise of it, which no change of ours mends"),
            ]))

    private static let stance: [APISchema.Field] = [
        .init("state", choice(EnvironmentExplanation.State.self), "how it stands"),
        .init("reason", text, "why, in one sentence"),
        .init("source", textOrNull, "the line that says so"),
        .init("until", instantOrNull, "when that ends by itself"),
        .init("command", textOrNull, "what changes it"),
    ]

    private static let explainedEnvironment = APISchema.named(
        "EnvironmentExplanation",
        .object(
            shared("environment", "the environment") + stance + [
                .init("also", many(.object(stance)), "what keeps it so as well"),
                .init("wanted_at", textOrNull, "the line that wants it"),
                .init("tier", .nullable(choice(Tier.self)), "what it is for"),
                .init("branch", textOrNull, "the branch that it shows"),
                .init("life", textOrNull, "where in its life it is"),
                .init("expires_at", instantOrNull, "when it ends; null: never, or nobody knows"),
                .init(
                    "window",
                    .nullable(
                        .object([
                            .init("reason", text, "which window or freeze it is"),
                            .init("source", textOrNull, "the line that sets it"),
                            .init("until", instantOrNull, "when it ends"),
                        ])), "what keeps changes from it at this time; null where nothing does"),
                .init("pull_request", .nullable(.count), "the number of its pull request"),
                .init(
                    "resources",
                    many(
                        .object([
                            .init("key", text, "the resource"),
                            .init("action", choice(ChangeAction.self), "what is to be done to it"),
                            .init("decision", choice(Verdict.self), "whether that may happen"),
                            .init("reason", textOrNull, "why it is so"),
                        ])), "what it owns"),
            ]))

    private static let explainedEntry = APISchema.named(
        "EntryExplanation",
        .object(
            shared("entry", "the entry of a document") + [
                .init("reason", text, "what it is, in one line"),
                .init("source", text, "the line that says it"),
                .init("precedence", texts, "which documents decide, the strongest first"),
                .init(
                    "finding",
                    .nullable(
                        .object([
                            .init("status", choice(FindingRecord.Status.self), "how it stands"),
                            .init("first_seen", .instant, "since when"),
                            .init("last_seen", .instant, "when it was last seen"),
                            .init("suggested_action", textOrNull, "the command to go on with"),
                        ])), "what was found of it; null where it is as it has to be"),
                .init("command", text, "what shows more of it"),
            ]))
}
