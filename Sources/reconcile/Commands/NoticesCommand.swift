import Basics
import Drivers
import Formats
import HTTPClient
import Reconciler
import Store

/// `reconcile notices list`, `dead`, `show ID`, `retry ID`, `test CHANNEL`.
struct NoticesCommand {
    private let context: CommandContext

    init(_ context: CommandContext) { self.context = context }

    // MARK: list, dead

    func list(states: [NoticeMessage.State]? = nil) async throws -> ExitStatus {
        let limit = try context.limit(default: 20)
        let channel = context.arguments.value("channel")
        let states = states ?? context.arguments.all("state").compactMap { NoticeMessage.State(rawValue: $0) }
        let (queue, messages) = try await context.withStore { store in
            (
                try await store.noticeQueue(),
                try await store.noticeMessages(limit: limit, channel: channel, states: states)
            )
        }
        let (waiting, dead) = (queue.waiting.values.reduce(0, +), queue.dead.values.reduce(0, +))
        if context.terminal.isJSON {
            context.terminal.json(
                .object([
                    "waiting": .int(Int64(waiting)), "dead": .int(Int64(dead)),
                    "unrouted": .int(Int64(queue.unrouted)), "oldest_waiting": .text(queue.oldest?.description),
                    "messages": .list(messages.map(\.document)),
                ]))
            return .done
        }
        guard !messages.isEmpty else {
            context.terminal.print("There is no such message. How to set channels up: docs/notifications.md")
            return .done
        }
        let paint = context.terminal.paint
        var table = Table("ID", "MADE", "CHANNEL", "OF", "NOTICES", "STATE", "TRIES", "WHY")
        for message in messages {
            table.add(
                message.id, message.createdAt.minuteText, message.channel, message.group.isEmpty ? "-" : message.group,
                String(message.count), Self.word(message.state, paint), String(message.attempts), message.reason ?? "-")
        }
        context.terminal.print(table.text(paint))
        context.terminal.print(
            "\n\(waiting) wait, \(dead.of("is", "are")) dead, "
                + "\(queue.unrouted.of("notice is", "notices are")) not routed yet."
        )
        return .done
    }

    // MARK: show

    func show() async throws -> ExitStatus {
        let (message, notices) = try await context.withStore { store in
            let message = try await find(in: store)
            return (message, try await store.notices(of: message.id))
        }
        if context.terminal.isJSON {
            var document = message.document.objectValue ?? Value.Object()
            document["notices"] = .list(notices.map(\.document))
            context.terminal.json(.object(document))
            return .done
        }
        let paint = context.terminal.paint
        var text = paint.bold("Message \(message.id)") + "  \(Self.word(message.state, paint))\n"
        text += "  channel   \(message.channel)\(message.group.isEmpty ? "" : ", of \(message.group)")\n"
        text += "  made      \(message.createdAt)\n"
        text += "  tries     \(message.attempts)"
        if message.state == .waiting { text += ", the next one at \(message.availableAt)" }
        text += "\n"
        if let finished = message.finishedAt { text += "  ended     \(finished)\n" }
        if let receipt = message.receipt { text += "  receipt   \(receipt)\n" }
        if let reason = message.reason {
            text += "  why       \(message.errorCode.map { paint.red($0) + " " } ?? "")\(reason)\n"
        }
        text += "\n"
        for notice in notices {
            text += "  \(notice.at.minuteText)  \(notice.kind.severity.rawValue)  \(notice.summary)\n"
        }
        context.terminal.print(text)
        return .done
    }

    // MARK: retry

    func retry() async throws -> ExitStatus {
        let (revived, isServed) = try await context.withStore { store in
            let now = SystemTime().now
            let isAll = context.arguments.positionals[0] == "all"
            let wanted =
                isAll ? try await store.noticeMessages(limit: 1_000, states: [.dead]) : [try await find(in: store)]
            var revived: [String] = []
            for message in wanted {
                do {
                    try await NoticeRetry.make(message, in: store, by: Actor(context.actor), at: now)
                    revived.append(message.id)
                } catch is RequestFault where isAll {
                    // The service was quicker: it is dead no more.
                }
            }
            return (revived, try await store.hasService(at: now))
        }
        if context.terminal.isJSON {
            context.terminal.json(.object(["ids": .strings(revived)]))
        } else if revived.isEmpty {
            context.terminal.print("No message is dead.")
        } else {
            let isMany = revived.count > 1
            context.terminal.print(
                LeftToService.text(
                    isMany ? "\(revived.count) messages" : revived[0], isMany: isMany,
                    deed: isMany ? "sends them" : "sends it", isServed: isServed))
        }
        return .done
    }

    // MARK: test

    /// Sends one message from here, past the store: what it shows is whether the channel works.
    func test() async throws -> ExitStatus {
        let configuration = try context.configuration()
        let settings = configuration.notifications
        let name = context.arguments.positionals[0]
        guard let channel = settings.channels.first(where: { $0.name == name }) else {
            let names = settings.channels.map(\.name)
            throw ArgumentFault(
                "there is no channel \(name)",
                hint: names.isEmpty
                    ? "Name channels as notifications.channels in reconciler.yaml; see docs/notifications.md."
                    : Suggestion.nearest(to: name, in: names).map { "Did you mean \($0)?" }
                        ?? "The channels are \(names.joined(separator: ", ")).")
        }
        let (time, random) = (SystemTime(), RandomSource.system())
        let drivers = ProviderDrivers(configuration, context.environment, time: time, random: random).all
        let senders = NoticeService.senders(
            settings, drivers: drivers, transport: CurlTransport(), environment: context.environment, time: time,
            DriverContext(runID: "notices", log: .none, priority: .person))
        let notice = Notice(
            .test, of: name, environment: nil, at: time.now, payload: ["actor": .string(context.actor)],
            dedupe: random.uuid(at: time.now))
        let claim = NoticeClaim(trying: name, notice, id: random.uuid(at: time.now), holder: "test")
        let answer = await senders[name]?.send(claim) ?? .refused(code: "NOTICE-0001", reason: "it has no sender")
        var (isSent, code, reason): (Bool, String?, String?) = (false, nil, nil)
        switch answer {
        case .sent(let receipt): (isSent, reason) = (true, receipt)
        case .failed(let fault, let why, _, _), .refused(let fault, let why), .unseen(let fault, let why):
            (code, reason) = (fault, why)
        case .waiting(let why, _): reason = why
        }
        if context.terminal.isJSON {
            context.terminal.json(
                .object([
                    "channel": .string(name), "sent": .bool(isSent), "error_code": .text(code),
                    (isSent ? "receipt" : "reason"): .text(reason),
                ]))
        } else if isSent {
            context.terminal.print(
                "\(channel.target.type) took the message for \(channel.target.place)"
                    + "\(reason.map { " as \($0)" } ?? ""). Look whether it is there.")
        } else {
            context.terminal.print("\(code.map { context.terminal.paint.red($0) + " " } ?? "")\(reason ?? "")")
        }
        return isSent ? .done : .failed
    }

    // MARK: What they share

    private func find(in store: Store) async throws -> NoticeMessage {
        let name = context.arguments.positionals[0]
        let found =
            name == "latest" ? try await store.noticeMessages(limit: 1) : try await store.noticeMessages(matching: name)
        guard let first = found.first else {
            throw ArgumentFault("there is no message \(name)", hint: "List them with: reconcile notices list")
        }
        guard found.count == 1 || found.contains(where: { $0.id == name }) else {
            throw ArgumentFault(
                "more than one message begins with \(name): \(found.prefix(3).map(\.id).joined(separator: ", "))",
                hint: "Give more of its characters.")
        }
        return first
    }

    private static func word(_ state: NoticeMessage.State, _ paint: Paint) -> String {
        switch state {
        case .sent: paint.green(state.rawValue)
        case .collecting: state.rawValue
        case .waiting: paint.yellow(state.rawValue)
        case .dead: paint.red(state.rawValue)
        }
    }
}
