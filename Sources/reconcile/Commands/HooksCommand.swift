import Basics
import Formats
import Reconciler
import Store

/// `reconcile hooks list`, `reconcile hooks show ID`, `reconcile hooks retry ID`.
struct HooksCommand {
    private let context: CommandContext

    init(_ context: CommandContext) { self.context = context }

    // MARK: list

    func list() async throws -> ExitStatus {
        let limit = try context.limit(default: 20)
        let provider = context.arguments.value("provider")
        let states = context.arguments.all("state").compactMap { DeliveryRecord.State(rawValue: $0) }
        let (queue, deliveries) = try await context.withStore { store in
            (
                try await store.deliveryQueue(),
                try await store.deliveries(limit: limit, provider: provider, states: states)
            )
        }
        if context.terminal.isJSON {
            context.terminal.json(
                .object([
                    "waiting": .int(Int64(queue.depth)), "dead": .int(Int64(queue.dead.values.reduce(0, +))),
                    "oldest_waiting": .text(queue.oldest?.description),
                    "deliveries": .list(deliveries.map { $0.document }),
                ]))
            return .done
        }
        guard !deliveries.isEmpty else {
            context.terminal.print("No such delivery was kept. How to set hooks up: docs/hooks.md")
            return .done
        }
        let paint = context.terminal.paint
        var table = Table("ID", "RECEIVED", "PROVIDER", "EVENT", "OF", "STATE", "TRIES", "WHY")
        for delivery in deliveries {
            table.add(
                delivery.id, delivery.receivedAt.minuteText, delivery.provider, delivery.event, delivery.scope ?? "-",
                Self.word(delivery.state, paint), String(delivery.attempts), delivery.reason ?? "-")
        }
        context.terminal.print(table.text(paint))
        let dead = queue.dead.values.reduce(0, +)
        context.terminal.print("\n\(queue.depth.of("waits", "wait")), \(dead.of("is", "are")) dead.")
        return .done
    }

    // MARK: show

    func show() async throws -> ExitStatus {
        let delivery = try await context.withStore { store in try await find(in: store) }
        if context.terminal.isJSON {
            var document = delivery.document.objectValue ?? Value.Object()
            document["headers"] = delivery.headers
            document["body"] = delivery.body.map { (try? JSON.parse($0)) ?? .string($0) } ?? .null
            context.terminal.json(.object(document))
            return .done
        }
        let paint = context.terminal.paint
        var text = paint.bold("Delivery \(delivery.id)") + "  \(Self.word(delivery.state, paint))\n"
        text += "  provider  \(delivery.provider), its id \(delivery.deliveryID)\n"
        text += "  event     \(delivery.event)\(delivery.scope.map { " of \($0)" } ?? "")\n"
        text += "  received  \(delivery.receivedAt)\n"
        text += "  tries     \(delivery.attempts)"
        if delivery.state == .failed { text += ", the next one at \(delivery.availableAt)" }
        text += "\n"
        if let finished = delivery.finishedAt { text += "  ended     \(finished)\n" }
        if let reason = delivery.reason {
            text += "  why       \(delivery.errorCode.map { paint.red($0) + " " } ?? "")\(reason)\n"
        }
        text += "  body      \(delivery.bodyBytes) bytes, \(delivery.bodyDigest)\n"
        if let body = delivery.body.flatMap({ try? JSON.parse($0) }) { text += "\n" + JSON.write(body, pretty: true) }
        context.terminal.print(text)
        return .done
    }

    // MARK: retry

    func retry() async throws -> ExitStatus {
        let (delivery, isServed) = try await context.withStore { store in
            let now = SystemTime().now
            let delivery = try await find(in: store)
            try await DeliveryRetry.make(delivery, in: store, by: Actor(context.actor), at: now)
            return (delivery, try await store.hasService(at: now))
        }
        if context.terminal.isJSON {
            context.terminal.json(.object(["id": .string(delivery.id), "state": "failed"]))
        } else {
            context.terminal.print(LeftToService.text(delivery.id, deed: "works on it", isServed: isServed))
        }
        return .done
    }

    // MARK: What they share

    /// The one delivery that the argument means.
    private func find(in store: Store) async throws -> DeliveryRecord {
        let name = context.arguments.positionals[0]
        let found =
            name == "latest" ? try await store.deliveries(limit: 1) : try await store.deliveries(matching: name)
        guard let first = found.first else {
            throw ArgumentFault("there is no delivery \(name)", hint: "List them with: reconcile hooks list")
        }
        guard found.count == 1 || found.contains(where: { $0.id == name }) else {
            throw ArgumentFault(
                "more than one delivery begins with \(name): \(found.prefix(3).map(\.id).joined(separator: ", "))",
                hint: "Give more of its characters.")
        }
        return first
    }

    private static func word(_ state: DeliveryRecord.State, _ paint: Paint) -> String {
        switch state {
        case .processed: paint.green(state.rawValue)
        case .received, .ignored: state.rawValue
        case .failed: paint.yellow(state.rawValue)
        case .dead: paint.red(state.rawValue)
        }
    }
}
