import Basics
import Formats
import Store
import Web

/// Tells pages that are open that something changed, by server-sent events.
///
/// The id of an event says how far its reader is, so that one who was away gets what was missed. While nobody reads, the
/// store isn't asked.
public final class LiveFeed: Sendable {
    /// Somebody who reads, and whether they still may.
    struct Person: Sendable {
        /// Tells them from all others.
        let name: String
        let stillMay: @Sendable () async -> Bool
    }

    private struct Reader {
        let stream: WebStream
        let person: Person?
        var cursor: ChangeCursor
    }

    private struct State {
        var readers: [UInt64: Reader] = [:]
        /// Those whose answer isn't there yet, by the name of who they are: they have their place already.
        var arriving: [UInt64: String?] = [:]
        var next: UInt64 = 0
        var pulse = ""
        /// When all who read were last asked whether they still may.
        var askedAt: Duration?
    }

    private let store: Store
    private let time: any TimeSource
    private let state = Locked(State())

    /// The most readers at once.
    static let readerLimit = 1_024
    /// The most of one person: as many pages as a browser is likely to have open.
    static let personLimit = 16
    /// The most changes that are told again to one who was away; after more, one event says: look at everything.
    static let replayLimit = 200
    /// How often the store is asked, and readers who left are looked for.
    static let period = Duration.seconds(1)
    /// How often something is sent so that nothing in between takes the connection for dead.
    static let heartbeat = Duration.seconds(15)
    /// How often those to whom nothing is told are asked whether they still may; what that rests on is remembered for a few
    /// seconds, so that the store isn't asked as often.
    static let proofPeriod = Duration.seconds(2)

    init(store: Store, time: any TimeSource) {
        self.store = store
        self.time = time
    }

    /// How many read it now.
    public var readers: Int { state.withLock { $0.readers.count } }

    /// Answers one who wants to be told.
    ///
    /// Whether a person still may is asked again before anything is told, and every two seconds; where none is given, everybody
    /// may.
    func answer(_ request: WebRequest, for person: Person? = nil) async -> WebResponse {
        let headers = [
            ("Content-Type", "text/event-stream; charset=utf-8"), ("Cache-Control", "no-store"),
            ("X-Accel-Buffering", "no"),
        ]
        // HEAD has no body that could be begun.
        guard request.method == "GET" else { return WebResponse(status: 200, headers: headers) }
        let id: UInt64
        switch takePlace(person) {
        case .success(let place): id = place
        case .failure(let refusal): return refusal.response
        }
        defer { state.withLock { $0.arriving[id] = nil } }
        let given = request.header("Last-Event-ID") ?? request.parameter("after")
        do throws(StoreFault) {
            var cursor: ChangeCursor
            var missed: [StoredChange] = []
            if let given, let since = ChangeCursor(given) {
                missed = try await store.changes(after: since, limit: Self.replayLimit + 1)
                cursor = missed.last?.cursor ?? since
                if missed.count > Self.replayLimit { cursor = try await store.latestChange() }
            } else {
                cursor = try await store.latestChange()
            }
            let stream = WebStream { [weak self] in self?.forget(id) }
            var text = "retry: 3000\n\n"
            if missed.count > Self.replayLimit || given != nil && ChangeCursor(given ?? "") == nil {
                text += Self.event("resync", cursor, ["reason": "too much happened meanwhile"])
            } else if missed.isEmpty {
                text += Self.event("hello", cursor, ["readers": .int(Int64(readers + 1))])
            }
            if missed.count <= Self.replayLimit { for change in missed { text += Self.text(change, change.cursor) } }
            stream.send(Array(text.utf8))
            state.withLock { $0.readers[id] = Reader(stream: stream, person: person, cursor: cursor) }
            var response = WebResponse(status: 200, headers: headers)
            response.stream = stream
            return response
        } catch {
            return .text(503, "\(error.code): \(error.message)\n").with("Retry-After", "5")
        }
    }

    private struct Refusal: Error {
        let response: WebResponse
    }

    /// Counts and takes a place at once: many who come together are no more than the limits say.
    private func takePlace(_ person: Person?) -> Result<UInt64, Refusal> {
        state.withLock { state in
            guard state.readers.count + state.arriving.count < Self.readerLimit else {
                return .failure(
                    Refusal(response: .text(503, "too many pages are open\n").with("Retry-After", "30")))
            }
            if let name = person?.name {
                let own =
                    state.readers.values.count { $0.person?.name == name } + state.arriving.values.count { $0 == name }
                guard own < Self.personLimit else {
                    return .failure(
                        Refusal(
                            response: .text(429, "you have \(own.of("page")) open: close one\n").with(
                                "Retry-After", "30")))
                }
            }
            state.next += 1
            state.arriving.updateValue(person?.name, forKey: state.next)
            return .success(state.next)
        }
    }

    private func forget(_ id: UInt64) { state.withLock { $0.readers[id] = nil } }

    /// Tells readers what happens, until it is cancelled.
    @concurrent
    public func run() async {
        var lastBeat = time.uptime
        while !Task.isCancelled {
            do { try await time.sleep(for: Self.period) } catch { break }
            let isBeat = time.uptime - lastBeat >= Self.heartbeat
            if isBeat { lastBeat = time.uptime }
            await turn(isBeat: isBeat)
        }
        for reader in state.withLock({ Array($0.readers.values) }) { reader.stream.end() }
    }

    /// Asks the store once and sends what is new, to those alone who still may.
    func turn(isBeat: Bool = false) async {
        let now = time.uptime
        let isDue = state.withLock { state in
            guard state.askedAt.map({ now - $0 >= Self.proofPeriod }) ?? true else { return false }
            state.askedAt = now
            return true
        }
        if isBeat || isDue { await endOfThoseWhoMayNot(among: state.withLock { $0.readers }) }
        let readers = state.withLock { $0.readers }
        guard let least = readers.values.map(\.cursor).min(by: Self.isBefore) else { return }
        for reader in readers.values {
            reader.stream.endIfAbandoned()
            if isBeat { reader.stream.send(Array(": still here\n\n".utf8)) }
        }
        guard let changes = try? await store.changes(after: least, limit: Self.replayLimit),
            let pulse = try? await store.pulse()
        else { return }
        let hasMoved = state.withLock { state in
            defer { state.pulse = pulse }
            return state.pulse != pulse && !state.pulse.isEmpty
        }
        var news: [UInt64: (text: String, cursor: ChangeCursor)] = [:]
        for (id, reader) in readers {
            var cursor = reader.cursor
            var text = ""
            for change in changes where change.cursor.event > cursor.event || change.cursor.notice > cursor.notice {
                // What one reader knows of the one may be ahead of what another one knows of the other.
                cursor = ChangeCursor(
                    event: max(cursor.event, change.cursor.event), notice: max(cursor.notice, change.cursor.notice))
                text += Self.text(change, cursor)
            }
            if text.isEmpty, hasMoved { text = Self.event("change", cursor, ["topic": "run", "kind": "moved"]) }
            if !text.isEmpty { news[id] = (text, cursor) }
        }
        await endOfThoseWhoMayNot(among: readers.filter { news[$0.key] != nil })
        for (id, (text, cursor)) in news {
            let stream = state.withLock { state in
                state.readers[id]?.cursor = cursor
                return state.readers[id]?.stream
            }
            stream?.send(Array(text.utf8))
        }
    }

    /// Ends the streams of those from whom access was taken back: a page that is open outlives no session.
    private func endOfThoseWhoMayNot(among readers: [UInt64: Reader]) async {
        for (id, reader) in readers {
            guard let person = reader.person, await !person.stillMay() else { continue }
            forget(id)
            reader.stream.end()
        }
    }

    private static func isBefore(_ a: ChangeCursor, _ b: ChangeCursor) -> Bool {
        a.event == b.event ? a.notice < b.notice : a.event < b.event
    }

    private static func text(_ change: StoredChange, _ cursor: ChangeCursor) -> String {
        event(
            "change", cursor,
            ["topic": .string(change.topic), "kind": .string(change.kind), "subject": .string(change.subject)])
    }

    /// One event; JSON has no line breaks, so that its data is one line.
    private static func event(_ name: String, _ cursor: ChangeCursor, _ data: Value) -> String {
        "id: \(cursor)\nevent: \(name)\ndata: \(JSON.write(data))\n\n"
    }
}
