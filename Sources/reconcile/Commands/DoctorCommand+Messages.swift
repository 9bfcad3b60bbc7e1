import Basics
import Reconciler
import Store

extension DoctorCommand {
    /// So many attempts at one message went wrong before its channel counts as one that refuses.
    private static let failuresToTell = 3

    /// Whether messages to people were given up, and which channels refuse them again and again; nothing where all is well.
    static func messages(_ configuration: Configuration, _ store: Store?) async -> [Check] {
        // What is wrong with the store was told already.
        guard let dead = try? await store?.noticeMessages(limit: 1_000, states: [.dead]),
            let waiting = try? await store?.noticeMessages(limit: 1_000, states: [.waiting])
        else { return [] }
        let names = Set(configuration.notifications.channels.map(\.name))
        var checks: [Check] = []
        let stuck = Dictionary(
            grouping: waiting.filter { $0.attempts >= failuresToTell && $0.reason != nil }, by: \.channel)
        for (channel, messages) in stuck.sorted(by: { $0.key < $1.key }) where names.contains(channel) {
            let tries = messages.map(\.attempts).max() ?? 0
            checks.append(
                Check(
                    name: "channel \(channel)", state: .warning,
                    detail: "\(messages.count.of("message")) failed again and again, up to \(tries) times"
                        + why(messages[0]),
                    remedy: "Try it after you have looked at the receiver: reconcile notices test \(channel)"))
        }
        guard let latest = dead.first else { return checks }
        let counts = Dictionary(grouping: dead, by: \.channel).sorted { $0.key < $1.key }.map { channel, messages in
            "\(channel) \(messages.count)\(names.contains(channel) ? "" : ", which is no channel any more")"
        }
        let canGo = dead.contains { names.contains($0.channel) }
        checks.append(
            Check(
                name: "messages", state: .warning,
                detail: "\(dead.count) given up (\(counts.joined(separator: "; "))), the latest\(why(latest))",
                remedy: canGo
                    ? "See why: reconcile notices dead. Send them again: reconcile notices retry all"
                    : "Name the channel again in notifications.channels, then: reconcile notices retry all"))
        return checks
    }

    private static func why(_ message: NoticeMessage) -> String {
        let words = [message.errorCode, message.reason].compactMap { $0 }
        return words.isEmpty ? "" : ": " + words.joined(separator: ": ")
    }
}
