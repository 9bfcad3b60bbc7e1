public import Basics
public import Drivers
public import Formats
internal import HTTPClient

/// One thing that happened to a message.
public struct MailgunEvent: Sendable, Hashable {
    public let id: String
    /// `delivered`, `failed` and the like.
    public let event: String
    public let at: Timestamp
    /// The `Message-Id` without its brackets; nil where the event is of no message.
    public let messageID: String?
    public let recipient: String?
    /// All that Mailgun says of it.
    public let raw: Value
}

/// Up to where the events of a domain have been read.
public struct MailgunEventCursor: Sendable, Hashable {
    /// No event before it will be asked for again.
    public var since: Timestamp
    /// Those at that very instant that have been read.
    public var read: Set<String>

    public init(since: Timestamp, read: Set<String> = []) {
        self.since = since
        self.read = read
    }
}

/// Events that nothing will come before any more.
public struct MailgunEventBatch: Sendable {
    /// By their instant.
    public let events: [MailgunEvent]
    /// Where to go on; to be kept together with the events.
    public let next: MailgunEventCursor
    /// Whether there are more that can be read at once.
    public let hasMore: Bool
}

extension MailgunDriver {
    /// How old the last event of a page has to be: until then others may still come before it.
    public static let settling = Duration.minutes(30)
    static let eventPageSize = 300

    /// Reads the events of a domain that have settled, oldest first, each once.
    ///
    /// Events arrive late and out of order. So only what is older than half an hour is asked for, and a page that holds
    /// something younger all the same ends the reading and is read again the next time.
    ///
    /// - Parameters:
    ///   - domain: in the region of the driver.
    ///   - cursor: from the batch before, or where to begin.
    ///   - pages: the most that are read at once.
    ///   - context: where the call comes from.
    /// - Returns: the events, and where to go on.
    public func events(
        of domain: String, after cursor: MailgunEventCursor, pages: Int = 10, _ context: DriverContext
    ) async -> Result<MailgunEventBatch, ProviderFault> {
        do throws(ProviderFault) {
            return .success(try await read(domain, cursor, pages, context))
        } catch {
            return .failure(error)
        }
    }

    private func read(
        _ domain: String, _ cursor: MailgunEventCursor, _ pages: Int, _ context: DriverContext
    ) async throws(ProviderFault) -> MailgunEventBatch {
        let horizon = time.now - Self.settling
        guard cursor.since < horizon else { return MailgunEventBatch(events: [], next: cursor, hasMore: false) }
        let path = "/v3/\(domain.percentEncoded)/events"
        let call = ProviderCall("events.list", "GET", path, permission: Self.role)
        var request = APIRequest(
            "GET", path,
            query: [
                // A second early, for whether the instant itself belongs to it is nowhere said.
                ("begin", Self.seconds(cursor.since - .seconds(1))), ("end", Self.seconds(horizon)),
                ("ascending", "yes"),
                ("limit", String(Self.eventPageSize)),
            ])
        var events: [MailgunEvent] = []
        var seen = cursor.read
        for _ in 0..<max(1, pages) {
            let answer = try await api.send(call, request, context)
            let page = try answer.list("items") { Self.event($0) }
            let ordered = page.sorted { ($0.at, $0.id) < ($1.at, $1.id) }
            // The next page is always named: an empty one is the end.
            guard let last = ordered.last else { return batch(events, cursor, hasMore: false) }
            guard last.at <= horizon else { return batch(events, cursor, hasMore: false) }
            for event in ordered where event.at >= cursor.since && seen.insert(event.id).inserted {
                events.append(event)
            }
            guard let next = answer.root?["paging"]["next"].string, !next.isEmpty else {
                throw answer.broken("it names no page after it")
            }
            request = APIRequest("GET", next)
        }
        return batch(events, cursor, hasMore: true)
    }

    private func batch(
        _ events: [MailgunEvent], _ cursor: MailgunEventCursor, hasMore: Bool
    ) -> MailgunEventBatch {
        let events = events.sorted { ($0.at, $0.id) < ($1.at, $1.id) }
        guard let last = events.last else { return MailgunEventBatch(events: [], next: cursor, hasMore: hasMore) }
        var next = MailgunEventCursor(since: last.at, read: last.at == cursor.since ? cursor.read : [])
        for event in events where event.at == last.at { next.read.insert(event.id) }
        return MailgunEventBatch(events: events, next: next, hasMore: hasMore)
    }

    /// Seconds since the epoch with six digits behind the point.
    static func seconds(_ instant: Timestamp) -> String {
        let rest = String(max(0, instant.microseconds - instant.seconds * 1_000_000))
        return "\(instant.seconds)." + String(repeating: "0", count: 6 - rest.count) + rest
    }

    private static func event(_ json: JSONView) -> MailgunEvent? {
        guard let id = json["id"].string, let event = json["event"].string,
            let at = json["timestamp"].numberText.flatMap({ Timestamp(decimalSeconds: $0) })
        else { return nil }
        return MailgunEvent(
            id: id, event: event, at: at, messageID: json["message"]["headers"]["message-id"].string,
            recipient: json["recipient"].string ?? json["envelope"]["targets"].string, raw: json.value)
    }
}
