import Basics
import DesiredState
import Diff
import Formats
import Reconciler
import Store

/// `reconcile drift`.
struct DriftCommand {
    private let context: CommandContext

    init(_ context: CommandContext) { self.context = context }

    func run() async throws -> ExitStatus {
        let (items, last) = try await context.withStore { store in
            (try await store.openDrift(), try await store.lastLook())
        }
        if context.terminal.isJSON {
            context.terminal.json(
                .object([
                    "as_of_run": last.map { .string($0.id) } ?? .null,
                    "as_of": last?.completedAt.map { .string($0.description) } ?? .null,
                    "drift": .list(items.map(\.document)),
                ]))
            return .done
        }
        guard let last else {
            context.terminal.print("No pass was made yet, so nothing is known. Begin with: reconcile")
            return .done
        }
        let paint = context.terminal.paint
        let unseen = Self.unseen(last)
        guard !items.isEmpty else {
            let all = unseen == nil ? "all is" : "what was seen is"
            context.terminal.print(
                "No drift as of run \(last.id) (\(last.startedAt.minuteText)): \(all) as revision "
                    + "\((last.revision ?? "-").prefix(12)) wants it." + (unseen.map { "\n\($0)" } ?? ""))
            return .done
        }
        var table = Table("SINCE", "CAUSE", "KNOWN", "KEY", "ENVIRONMENT", "WHAT DIFFERS")
        for item in items {
            table.add(
                item.firstSeen.minuteText, paint.yellow(item.causeWord), item.mark?.text ?? "-",
                item.key.description, item.environment ?? "shared", item.detail["summary"]?.stringValue ?? "-")
        }
        context.terminal.print(table.text(paint))
        let loud = items.filter { !$0.isQuiet }
        var closing = "\n\(items.count.of("difference")) as of run \(last.id)"
        if loud.count < items.count { closing += ", \(items.count - loud.count) of them known" }
        closing += ". See why: reconcile explain \((loud.first ?? items[0]).key)"
        context.terminal.print(closing)
        if let unseen { context.terminal.print(unseen) }
        return .done
    }

    /// That the last look didn't show everything; nil where it did.
    private static func unseen(_ run: RunRecord) -> String? {
        let count = run.notCompared()
        guard count > 0 else { return nil }
        let what = count == 1 ? "1 resource" : "\(count) resources"
        return "Of \(what) it saw too little to say anything. Which: reconcile show \(run.id)"
    }
}

/// `reconcile drift ack KEY` and `reconcile drift mute KEY`.
struct DriftMarkCommand {
    private let context: CommandContext
    private let kind: DriftMark.Kind

    init(_ context: CommandContext, _ kind: DriftMark.Kind) {
        self.context = context
        self.kind = kind
    }

    func run() async throws -> ExitStatus {
        let key = try context.resourceKey(0)
        let word = kind == .acknowledged ? "ack" : "mute"
        guard let reason = context.arguments.value("reason"), !reason.isEmpty else {
            throw ArgumentFault(
                "--reason is missing", hint: "Say why: reconcile drift \(word) \(key) --reason \"…\"")
        }
        let marking = DriftMarking(key, kind, reason: reason, lasting: try context.lasting())
        let marks = try await context.withStore { store in
            try await marking.make(in: store, by: Actor(context.actor), at: SystemTime().now)
        }
        let until = marks.first?.until
        if context.terminal.isJSON {
            context.terminal.json(.list(marks.map(\.document)))
            return .done
        }
        let end = until.map { "until \($0.minuteText)" } ?? "until it is another difference, or gone"
        context.terminal.print(
            "\(kind == .muted ? "Muted" : "Acknowledged"): \(key), \(end).\n"
                + "It raises no alarm; the next pass mends it all the same where it may.\n"
                + "Take it back: reconcile drift unmute \(key)")
        return .done
    }
}

/// `reconcile drift unmute KEY`.
struct DriftUnmarkCommand {
    private let context: CommandContext

    init(_ context: CommandContext) { self.context = context }

    func run() async throws -> ExitStatus {
        let key = try context.resourceKey(0)
        let count = try await context.withStore { store in
            try await DriftMarking.end(key, in: store, by: Actor(context.actor), at: SystemTime().now)
        }
        if context.terminal.isJSON {
            context.terminal.json(["ended": .int(Int64(count))])
        } else {
            context.terminal.print("Taken back: what differs of \(key) raises an alarm again.")
        }
        return .done
    }
}

/// `reconcile findings`.
struct FindingsCommand {
    private let context: CommandContext

    init(_ context: CommandContext) { self.context = context }

    func run() async throws -> ExitStatus {
        let findings = try await context.withStore { store in
            try await store.findings(includesResolved: context.arguments.has("all"))
        }
        if context.terminal.isJSON {
            context.terminal.json(.list(findings.map(\.document)))
            return .done
        }
        guard !findings.isEmpty else {
            context.terminal.print("Nothing stands open. When it was last looked at: reconcile runs --limit 1")
            return .done
        }
        let paint = context.terminal.paint
        var table = Table("SINCE", "STATUS", "ENVIRONMENT", "KIND", "KEY", "WHAT TO DO")
        for finding in findings {
            let status =
                switch finding.status {
                case .open: paint.yellow("open")
                case .escalated: paint.red("escalated")
                case .acknowledged: "acknowledged"
                case .resolved: paint.green("resolved")
                }
            table.add(
                finding.firstSeen.minuteText, status, finding.identity.ownEnvironment ?? "shared",
                finding.identity.kind, finding.identity.key, finding.suggestedAction ?? "-")
        }
        context.terminal.print(table.text(paint))
        return .done
    }
}

extension CommandContext {
    /// A positional argument that names a resource.
    fileprivate func resourceKey(_ index: Int) throws(ArgumentFault) -> ResourceKey {
        let text = arguments.positionals[index]
        guard let key = ResourceKey(text) else {
            throw ArgumentFault(
                "\(text) is no key of a resource", hint: "Write kind and name, such as digitalocean.droplet/erp.")
        }
        return key
    }
}

extension DriftMark {
    /// In a table.
    fileprivate var text: String {
        let word = kind == .acknowledged ? "by \(by)" : "muted by \(by)"
        return until.map { "\(word) until \($0.minuteText)" } ?? word
    }
}
