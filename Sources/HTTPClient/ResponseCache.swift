internal import Basics

/// Answers that carried an `ETag`, so that the next look costs a 304 where nothing has changed.
///
/// It belongs to one credential: what one may see another may not.
public final class ResponseCache: Sendable {
    private struct Entry {
        var tag: String
        var response: HTTPResponse
        var used: UInt64
    }

    private struct State {
        var entries: [String: Entry] = [:]
        var bytes = 0
        var clock: UInt64 = 0
    }

    private let limit: Int
    private let state = Locked(State())

    /// - Parameter limit: the most bytes of bodies that are kept; what was used longest ago goes first.
    public init(limit: Int = 32 << 20) { self.limit = max(0, limit) }

    /// How many answers are kept.
    public var count: Int { state.withLock { $0.entries.count } }

    func entry(_ key: String) -> (tag: String, response: HTTPResponse)? {
        state.withLock { state in
            state.clock += 1
            guard let entry = state.entries[key] else { return nil }
            state.entries[key]?.used = state.clock
            return (entry.tag, entry.response)
        }
    }

    func store(_ key: String, _ response: HTTPResponse) {
        guard let tag = response.header("etag"), !tag.isEmpty, tag.utf8.count <= 512,
            tag.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }), response.body.count <= limit / 4
        else { return forget(key) }
        state.withLock { state in
            state.bytes -= state.entries[key]?.response.body.count ?? 0
            state.clock += 1
            state.entries[key] = Entry(tag: tag, response: response, used: state.clock)
            state.bytes += response.body.count
            while state.bytes > limit || state.entries.count > 4_096,
                let oldest = state.entries.min(by: { $0.value.used < $1.value.used })
            {
                state.bytes -= oldest.value.response.body.count
                state.entries[oldest.key] = nil
            }
        }
    }

    func forget(_ key: String) {
        state.withLock { state in
            guard let entry = state.entries.removeValue(forKey: key) else { return }
            state.bytes -= entry.response.body.count
        }
    }
}
