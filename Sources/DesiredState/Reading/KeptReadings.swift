import Basics

/// What follows from some documents alone, kept from one commit to the next while these are the same.
///
/// Of each sort of reading it holds that of the last commit, and nothing of sorts that this one didn't ask for: so what
/// is kept of documents that are gone goes with them.
final class KeptReadings: Sendable {
    private struct State {
        var kept: [ObjectIdentifier: any AnyObject & Sendable] = [:]
        /// Those of the commit before.
        var before: [ObjectIdentifier: any AnyObject & Sendable]
    }

    private let state: Locked<State>

    init(before: KeptReadings? = nil) { state = Locked(State(before: before?.state.withLock { $0.kept } ?? [:])) }

    /// Reads some documents, unless the same were read before.
    ///
    /// - Parameters:
    ///   - type: what is made of them.
    ///   - documents: all that is looked into; nil for those that are not there.
    ///   - report: takes what is wrong with them.
    /// - Returns: what was made of them, now or before.
    func read<Reading: DocumentsReading>(
        _ type: Reading.Type, _ documents: [DocumentContent?], _ report: Report
    ) -> Reading {
        read(documents, Self.areSame, report) { Reading(documents, $0) }
    }

    /// What follows from something, now or before; the report takes what is wrong with it.
    func read<Reading: PureReading>(_ type: Reading.Type, of given: Reading.Given, _ report: Report) -> Reading {
        read(given, ==, report) { Reading(given, $0) }
    }

    private func read<Given: Sendable, Reading: Sendable>(
        _ given: Given, _ areSame: (Given, Given) -> Bool, _ report: Report, _ body: (Report) -> Reading
    ) -> Reading {
        let key = ObjectIdentifier(Reading.self)
        let last = state.withLock { $0.kept[key] ?? $0.before[key] } as? KeptReading<Given, Reading>
        let kept = last.flatMap { areSame($0.given, given) ? $0 : nil } ?? KeptReading(given: given, body)
        state.withLock { $0.kept[key] = kept }
        report.add(kept.findings)
        return kept.reading
    }

    /// Lets go what this commit didn't ask for; called when it is read.
    func forgetOthers() { state.withLock { $0.before = [:] } }

    private static func areSame(_ some: [DocumentContent?], _ others: [DocumentContent?]) -> Bool {
        some.count == others.count
            && zip(some, others).allSatisfy { one, other in
                switch (one, other) {
                case (nil, nil): true
                case (let one?, let other?): one.isSame(as: other)
                default: false
                }
            }
    }
}
