import DesiredState
import Diff
import Store

/// Runs, and the plans that they make.
extension Answer {
    // MARK: Runs

    static let runSummary = APISchema.named("RunSummary", .object(runMembers))

    static let run = APISchema.named(
        "Run",
        .object(
            runMembers + [
                .init("steps", many(step), "what was done, in the order in which it was begun"),
                .init(
                    "skipped",
                    many(
                        .object([
                            .init("key", text, "the resource"), .init("reason", text, "why its change was left out"),
                        ])), "changes that were left out"),
            ]))

    private static let runMembers: [APISchema.Field] = [
        .init("id", text, "its id"),
        .init("trigger", choice(RunTrigger.self), "what started it"),
        .init("phase", choice(RunPhase.self), "how far it has come, or how it ended"),
        .init("dry_run", .flag, "whether nothing was to be applied"),
        .init("revision", textOrNull, "the commit that it read; null before it has read one"),
        .init("started_at", .instant, "when it began"),
        .init("completed_at", instantOrNull, "when it ended; null: it is under way"),
        .init(
            "error",
            .nullable(
                .object(
                    [
                        .init("code", text, "its code, such as RUN-0003", required: false),
                        .init("message", text, "what went wrong", required: false),
                        .init("place", textOrNull, "where", required: false),
                        .init("hint", textOrNull, "what to do", required: false),
                        .init("failed_steps", .count, "how many steps failed", required: false),
                        .init("moved", texts, "what changed between plan and apply", required: false),
                    ], isOpen: true)),
            "what ended it, or RUN-0010 where it did what it could and some things could not be observed; null where it ended well"
        ),
        .init("metadata", runMetadata, "counts, digests and settings of the run"),
        onlyEnvironments,
    ]

    /// Said where something is cut to what the caller may read.
    private static let onlyEnvironments = APISchema.Field(
        "only_environments", texts,
        "the environments that the caller may read, where these are not all; then only what is of these is told",
        required: false)

    private static let runMetadata = APISchema.named(
        "RunMetadata",
        .object(
            [
                .init("summary", changeCounts, "how many changes its plan has", required: false),
                .init("drift", .count, "how many differences it saw", required: false),
                .init(
                    "not_compared", .map(.count),
                    "of how many resources it saw too little to say whether they differ, by environment; `global`: of none's",
                    required: false),
                .init(
                    "left_alone", .map(.instant),
                    "since when resources are left alone that can't be told apart, by key", required: false),
                .init("fingerprint", text, "the digest of its plan", required: false),
                .init("author", text, "who made the commit that it read", required: false),
                .init("diagnostics", .count, "how many things it found in the documents", required: false),
                .init("gates", .map(.count), "how many policy gates passed, failed, and so on", required: false),
                .init(
                    "evidence",
                    .object([
                        .init("manifest", text, "the digest of its manifest"),
                        .init("sequence", .count, "its place in the chain"),
                    ]), "where its evidence stands", required: false),
            ], isOpen: true))

    /// How many changes there are of each action.
    static let changeCounts = APISchema.map(.count)

    private static let step = APISchema.named(
        "Step",
        .object([
            .init("id", text, "its id within the run"),
            .init("key", text, "the resource that it is about"),
            .init("action", choice(ChangeAction.self), "the action of the change that it belongs to"),
            .init("operation", text, "what is asked of the provider, in its driver's word"),
            .init("title", text, "the same for people"),
            .init(
                "state", .choice(["intended", "done", "failed", "unknown"]),
                "what is known of its effect; unknown: its answer was lost"),
            .init("output", .anything, "what it came to: the object afterwards, or the fault"),
            .init("intended_at", .instant, "when it was written down, before it was begun"),
            .init("finished_at", instantOrNull, "when it ended"),
        ]))

    static let event = APISchema.named(
        "RunEvent",
        .object([
            .init("id", text, "its id"), .init("run", text, "the run that tells it"),
            .init("type", text, "what sort of line it is: phase, step, warning, diagnostic"),
            .init("at", .instant, "when it was told"), .init("payload", .anything, "what it tells, by its type"),
        ]))

    static let evidence = APISchema.named(
        "Evidence",
        .object([
            .init("run", text, "the run"),
            .init("manifest", text, "the digest of the manifest, which names all items"),
            .init("previous", textOrNull, "the manifest before it in the chain; null: it is the first"),
            .init("sequence", .count, "its place in the chain, from 1"),
            .init("at", .instant, "when it was added to the chain"),
            .init(
                "items",
                many(
                    .object([
                        .init("name", text, "such as plan.json"), .init("digest", text, "of its content"),
                        .init("bytes", .count, "how long it is"),
                    ])), "what was kept; left out where the manifest can't be read", required: false),
        ]))

    // MARK: Plans

    private static let standing: [APISchema.Field] = [
        .init("run", text, "the run whose plan it is"),
        .init(
            "approval", choice(PlanRow.Approval.self), "how it stands with the people whose yes it needs"),
        .init("needed", .count, "how many changes need a yes"),
        .init("approved", .count, "how many of them have one that stands"),
        .init("used", .count, "how many of them were made by one"),
    ]

    static let planStanding = APISchema.named("PlanStanding", .object(standing))

    static let planRow = APISchema.named(
        "PlanRow",
        .object(
            standing + [
                .init("fingerprint", text, "the digest of the plan"),
                .init("planned_at", .instant, "when it was made"),
                .init("latest", .flag, "whether no later pass has made its own"),
                .init("phase", .nullable(choice(RunPhase.self)), "of the run; null where that is kept no more"),
                .init("trigger", .nullable(choice(RunTrigger.self)), "what started the run"),
                .init("revision", textOrNull, "the commit that the run read"),
                .init("summary", .nullable(changeCounts), "how many changes there are of each action"),
                onlyEnvironments,
            ]))

    static let plan = APISchema.named(
        "Plan",
        .object([
            .init("format_version", text, "of this document"),
            .init("run_id", text, "the run whose plan it is"),
            .init("revision", text, "the commit that is wanted"),
            .init("planned_at", .instant, "when it was made"),
            .init("fingerprint", text, "the digest of what is to be done, by which apply knows it again"),
            .init("changes", many(change), "what is to be done, in order"),
            .init("summary", changeCounts, "how many changes there are of each action"),
            .init("drift", many(plannedDrift), "what differs, whether or not anything is done about it"),
            .init("diagnostics", many(diagnostic), "what was found in the documents"),
            .init("requests", .map(.count), "how many requests it costs, by provider"),
            .init("environments", many(outlook), "what becomes of each environment"),
            .init(
                "basis",
                .object([
                    .init("desired", text, "the digest of what is wanted"),
                    .init("observed", text, "the digest of what was seen"),
                    .init("inventory", text, "the digest of what we own"),
                    .init("policy", text, "the digest of the rules"),
                    .init("drivers", .map(text), "the version of each driver"),
                    .init(
                        "installation", text, "whose marks it puts on what it makes; left out where that has no name",
                        required: false),
                ]), "what it was made of: apply refuses it when that has moved"),
            .init("prune", many(pruned), "what is marked before it goes; left out where nothing is", required: false),
            .init(
                "secrets",
                many(
                    .object([
                        .init("key", text, "the name in its store"),
                        .init("state", .choice(["present", "missing", "unknown"]), "what was found out"),
                        .init("reason", text, "where it was looked for, or why nothing can be said"),
                        .init("set_at", instantOrNull, "when it was put there last, as far as the store says"),
                    ])), "names that stores were asked for, never values; left out where none was", required: false),
            .init(
                "cost",
                .object([
                    .init("monthly_usd", text, "by how much the bill of a month changes, as a decimal"),
                    .init("unknown_prices", .count, "how many changes have no known price"),
                ]), "what it costs; left out where no price is known", required: false),
            .init("targets", texts, "what it was narrowed to; left out where it is whole", required: false),
            .init("approvals", texts, "approvals that it was made with; left out where there is none", required: false),
            onlyEnvironments,
        ]))

    static let change = APISchema.named(
        "Change",
        .object([
            .init("key", text, "the resource"), .init("action", choice(ChangeAction.self), "what is done to it"),
            .init("reason", text, "why it differs, in one sentence"),
            .init("cause", choice(ChangeCause.self), "the same for programs"),
            .init("decision", choice(Verdict.self), "whether it may happen"),
            .init("decision_reason", textOrNull, "why it may not, or not yet"),
            .init("environment", textOrNull, "the environment that it belongs to; null: it is shared"),
            .init("attributes", many(attribute), "what changes of it"),
            .init("source", .nullable(place), "where it is wanted; null where nothing wants it"),
            .init("depends_on", texts, "keys of what has to be done before"),
            .init("requests", .count, "how many requests it costs"),
            .init("provider_id", textOrNull, "what the provider calls it; null before it is there"),
            .init("protected", .flag, "whether it may not be destroyed"),
            .init(
                "blocked_until", .instant, "when it may happen at the earliest, where that is known", required: false),
            .init(
                "monthly_usd",
                .object([
                    .init("before", textOrNull, "a decimal"), .init("after", textOrNull, "a decimal"),
                    .init("known", .flag, "whether both prices are"),
                ]), "what it costs a month, where it has a price", required: false),
            .init("hold", choice(Hold.self), "what keeps it from happening, for programs", required: false),
            .init("held_at", place, "the line that keeps it from happening", required: false),
        ]))

    private static let attribute = APISchema.named(
        "AttributeChange",
        .object([
            .init("path", text, "the attribute"),
            .init("before", .anything, "as it is; null where it is sensitive or not there"),
            .init("after", .anything, "as it is wanted; null where it is sensitive or goes"),
            .init("sensitive", .flag, "whether its values are not shown"),
            .init("requires_replacement", .flag, "whether the resource has to be made anew for it"),
            .init("reference", text, "the resource whose attribute it takes its value from", required: false),
            .init("source", place, "the line that wants it", required: false),
        ]))

    private static let plannedDrift = APISchema.named(
        "PlannedDrift",
        .object([
            .init("key", text, "the resource"),
            .init(
                "cause", .choice(ChangeCause.words),
                "why it differs; finding: a rule wants it otherwise, and nobody need have changed anything"),
            .init("summary", text, "what differs, in one line"),
            .init("environment", textOrNull, "the environment that it belongs to; null: it is shared"),
            .init("attributes", many(attribute), "what differs of it"),
            .init("source", .nullable(place), "where it is wanted"),
            .init(
                "finding", text, "the code of what a rule wants otherwise; left out where none does", required: false),
        ]))

    static let outlook = APISchema.named(
        "EnvironmentOutlook",
        .object([
            .init("slug", text, "the environment"),
            .init(
                "phase",
                .choice(["active", "expiring", "ending", "expired", "unwanted", "suspended", "pinned", "unknown"]),
                "where in its life it is"),
            .init("expires_at", instantOrNull, "its end; null: none, or its time does not run yet"),
            .init("reason", text, "which rule gives that end, or why there is none"),
            .init("begun", .flag, "whether its time runs"),
            .init("goes_at", .instant, "when what it owns goes, where that is later than its end", required: false),
        ]))

    static let pruned = APISchema.named(
        "PruneCandidate",
        .object([
            .init("key", text, "the resource"), .init("provider_id", text, "what the provider calls it"),
            .init("environment", textOrNull, "the environment that it belongs to; null: it is shared"),
            .init("marked_at", instantOrNull, "when it was marked; null: by this plan"),
            .init("grace_seconds", .count, "how long it stays from then on"),
            .init("goes_at", instantOrNull, "when it goes"),
            .init("needs_approval", .flag, "true where it goes then only with an approval", required: false),
        ]))

    static let diagnostic = APISchema.named(
        "Diagnostic",
        .object([
            .init("severity", .choice(["error", "warning", "note"]), "how much it matters"),
            .init("code", text, "its code"), .init("message", text, "what was found"),
            .init("file", textOrNull, "where, if in a document"), .init("line", .nullable(.count), "from 1"),
            .init("column", .nullable(.count), "from 1"), .init("hint", textOrNull, "what to do"),
            .init(
                "notes",
                many(
                    .object([
                        .init("message", text, "what it says"), .init("file", textOrNull, "where"),
                        .init("line", .nullable(.count), "from 1"), .init("column", .nullable(.count), "from 1"),
                    ])), "other places that it is about", required: false),
        ]))
}
