import Basics
import Store

/// Remembers for a few seconds who somebody is, so that a request isn't one more question to the store.
///
/// What is taken back elsewhere counts here after as many seconds at the latest.
final class AccessCache: Sendable {
    private struct Entry<Content: Sendable>: Sendable {
        let content: Content
        let until: Duration
    }

    private struct State {
        var isConfigured: Entry<Bool>?
        var keys: [Digest: Entry<KeyAccount?>] = [:]
        var sessions: [Digest: Entry<(session: SessionRecord, user: UserAccount)?>] = [:]
        var users: [String: Entry<UserAccount?>] = [:]
        /// Whether tokens were ended before their time, by their digests.
        var ended: [Digest: Entry<Bool>] = [:]
    }

    /// How long a memory counts.
    static let memory = Duration.seconds(5)
    /// More entries than this are forgotten all at once: wrong keys must not fill the memory.
    private static let most = 4_096

    private let state = Locked(State())

    func isConfigured(at now: Duration) -> Bool? {
        state.withLock { state in state.isConfigured.flatMap { $0.until > now ? $0.content : nil } }
    }

    func remember(isConfigured: Bool, at now: Duration) {
        // Nobody is locked out again once somebody was let in.
        let until = now + (isConfigured ? .hours(1) : Duration.seconds(1))
        state.withLock { $0.isConfigured = Entry(content: isConfigured, until: until) }
    }

    func key(_ digest: Digest, at now: Duration, orFrom store: Store) async throws(StoreFault) -> KeyAccount? {
        try await remembered(digest, in: \.keys, at: now) { () throws(StoreFault) in try await store.key(digest) }
    }

    /// `generation` is that of the token which is to be proved: a memory from before it is none.
    func user(
        _ id: String, ofGeneration generation: Int64, at now: Duration, orFrom store: Store
    ) async throws(StoreFault) -> UserAccount? {
        try await remembered(id, in: \.users, at: now) { user in
            user.map { $0.tokenGeneration >= generation } ?? true
        } orFrom: { () throws(StoreFault) in
            try await store.user(id: id)
        }
    }

    func session(
        _ digest: Digest, at now: Duration, now instant: Timestamp, orFrom store: Store
    ) async throws(StoreFault) -> (session: SessionRecord, user: UserAccount)? {
        try await remembered(digest, in: \.sessions, at: now) { () throws(StoreFault) in
            try await store.session(digest, at: instant)
        }
    }

    /// Whether the token of a digest was ended by its owner.
    func hasEnded(_ digest: Digest, at now: Duration, orFrom store: Store) async throws(StoreFault) -> Bool {
        try await remembered(digest, in: \.ended, at: now) { () throws(StoreFault) in
            try await store.hasEnded(digest)
        }
    }

    /// What is remembered under a key, as long as it counts; else what is read now, which is remembered then.
    private func remembered<Key: Hashable & Sendable, Content: Sendable>(
        _ key: Key, in place: any WritableKeyPath<State, [Key: Entry<Content>]> & Sendable, at now: Duration,
        where counts: (Content) -> Bool = { _ in true }, orFrom read: () async throws(StoreFault) -> Content
    ) async throws(StoreFault) -> Content {
        let known = state.withLock { state in state[keyPath: place][key].flatMap { $0.until > now ? $0 : nil } }
        if let known, counts(known.content) { return known.content }
        let content = try await read()
        state.withLock { state in
            if state[keyPath: place].count >= Self.most { state[keyPath: place] = [:] }
            state[keyPath: place][key] = Entry(content: content, until: now + Self.memory)
        }
        return content
    }

    func forgetAll() {
        state.withLock { state in
            state.ended = [:]
            state.keys = [:]
            state.sessions = [:]
            state.users = [:]
        }
    }

    func forget(_ digest: Digest) {
        state.withLock { state in
            state.sessions[digest] = nil
            state.keys[digest] = nil
            state.ended[digest] = nil
        }
    }
}
