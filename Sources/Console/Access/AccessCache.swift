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
        let known = state.withLock { state in state.keys[digest].flatMap { $0.until > now ? $0 : nil } }
        if let known { return known.content }
        let key = try await store.key(digest)
        state.withLock { state in
            if state.keys.count >= Self.most { state.keys = [:] }
            state.keys[digest] = Entry(content: key, until: now + Self.memory)
        }
        return key
    }

    /// `generation` is that of the token which is to be proved: a memory from before it is none.
    func user(
        _ id: String, ofGeneration generation: Int64, at now: Duration, orFrom store: Store
    ) async throws(StoreFault) -> UserAccount? {
        let known = state.withLock { state in state.users[id].flatMap { $0.until > now ? $0 : nil } }
        if let known, known.content.map({ $0.tokenGeneration >= generation }) ?? true { return known.content }
        let user = try await store.user(id: id)
        state.withLock { state in
            if state.users.count >= Self.most { state.users = [:] }
            state.users[id] = Entry(content: user, until: now + Self.memory)
        }
        return user
    }

    func session(
        _ digest: Digest, at now: Duration, now instant: Timestamp, orFrom store: Store
    ) async throws(StoreFault) -> (session: SessionRecord, user: UserAccount)? {
        let known = state.withLock { state in state.sessions[digest].flatMap { $0.until > now ? $0 : nil } }
        if let known { return known.content }
        let session = try await store.session(digest, at: instant)
        state.withLock { state in
            if state.sessions.count >= Self.most { state.sessions = [:] }
            state.sessions[digest] = Entry(content: session, until: now + Self.memory)
        }
        return session
    }

    /// Whether the token of a digest was ended by its owner.
    func hasEnded(_ digest: Digest, at now: Duration, orFrom store: Store) async throws(StoreFault) -> Bool {
        let known = state.withLock { state in state.ended[digest].flatMap { $0.until > now ? $0 : nil } }
        if let known { return known.content }
        let hasEnded = try await store.hasEnded(digest)
        state.withLock { state in
            if state.ended.count >= Self.most { state.ended = [:] }
            state.ended[digest] = Entry(content: hasEnded, until: now + Self.memory)
        }
        return hasEnded
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
