internal import Basics
internal import CMicroHTTPD
internal import Glibc
internal import MicroHTTPDShim

/// An answer that is sent piece by piece, such as server-sent events.
///
/// While there is nothing to send, its connection costs memory and no work. Whoever gave it as an answer ends it; the
/// server does so when it stops, and when the client is gone or doesn't keep up.
public final class WebStream: Sendable {
    private struct State {
        var connection: OpaquePointer?
        var isAttached = false
        var isSuspended = false
        var hasEnded = false
        var isClosed = false
        var pending: [UInt8] = []
        /// How much of `pending` has been sent.
        var sent = 0
        var onClose: (@Sendable () -> Void)?
    }

    private let state: Locked<State>
    private let limit: Int

    /// - Parameters:
    ///   - limit: the most bytes that wait for a slow client; with more the stream ends.
    ///   - onClose: called once, when nothing more is sent.
    public init(limit: Int = 256 << 10, onClose: (@Sendable () -> Void)? = nil) {
        self.limit = limit
        state = Locked(State(onClose: onClose))
    }

    /// Whether something can still be sent.
    public var isOpen: Bool { state.withLock { !$0.hasEnded && !$0.isClosed } }

    /// Sends bytes as soon as the client takes them.
    ///
    /// - Returns: false when the stream has ended, or ends now because too much waits.
    @discardableResult
    public func send(_ bytes: [UInt8]) -> Bool {
        state.withLock { state in
            guard !state.hasEnded, !state.isClosed else { return false }
            if state.pending.count - state.sent + bytes.count > limit {
                state.hasEnded = true
                state.pending = []
                state.sent = 0
            } else {
                state.pending += bytes
            }
            Self.wake(&state)
            return !state.hasEnded
        }
    }

    /// Sends what waits and closes.
    public func end() {
        state.withLock { state in
            state.hasEnded = true
            Self.wake(&state)
        }
    }

    /// Ends the stream if its client has gone: the server doesn't look while there is nothing to send.
    public func endIfAbandoned() {
        state.withLock { state in
            guard state.isSuspended, let connection = state.connection else { return }
            // Suspended, so that nobody closes the socket meanwhile.
            // 0x2000 is POLLRDHUP, an extension of GNU that isn't imported.
            var look = pollfd(fd: web_socket(connection), events: 0x2000, revents: 0)
            guard poll(&look, 1, 0) > 0 else { return }
            state.hasEnded = true
            state.pending = []
            state.sent = 0
            Self.wake(&state)
        }
    }

    private static func wake(_ state: inout State) {
        guard state.isSuspended, let connection = state.connection else { return }
        state.isSuspended = false
        MHD_resume_connection(connection)
    }

    /// Takes its connection; false for a second one.
    func attach(to connection: OpaquePointer) -> Bool {
        state.withLock { state in
            guard !state.isAttached else { return false }
            state.isAttached = true
            state.connection = connection
            return true
        }
    }

    /// Gives the daemon's thread what is to be sent; suspends the connection when that is nothing.
    func read(into buffer: UnsafeMutablePointer<CChar>, _ capacity: Int) -> Int {
        state.withLock { state in
            let count = min(capacity, state.pending.count - state.sent)
            guard count == 0 else {
                state.pending.withUnsafeBytes { bytes in
                    UnsafeMutableRawBufferPointer(start: buffer, count: count).copyMemory(
                        from: UnsafeRawBufferPointer(rebasing: bytes[state.sent..<state.sent + count]))
                }
                state.sent += count
                if state.sent == state.pending.count {
                    state.pending = []
                    state.sent = 0
                }
                return count
            }
            guard !state.hasEnded, let connection = state.connection else { return -1 }  // END_OF_STREAM
            state.isSuspended = true
            MHD_suspend_connection(connection)
            return 0
        }
    }

    /// Nobody will ever take what it sends.
    func closeUnattached() { if !state.withLock({ $0.isAttached }) { close() } }

    /// The daemon is done with it.
    func close() {
        let onClose = state.withLock { state in
            state.connection = nil
            state.isSuspended = false
            state.isClosed = true
            state.pending = []
            state.sent = 0
            return state.onClose.take()
        }
        onClose?()
    }
}

/// The daemon's two callbacks; their context is a stream, retained until the second one.
func readStream(
    context: UnsafeMutableRawPointer?, position: UInt64, buffer: UnsafeMutablePointer<CChar>?, capacity: Int
) -> Int {
    guard let context, let buffer else { return -1 }
    return Unmanaged<WebStream>.fromOpaque(context).takeUnretainedValue().read(into: buffer, capacity)
}

func releaseStream(context: UnsafeMutableRawPointer?) {
    guard let context else { return }
    Unmanaged<WebStream>.fromOpaque(context).takeRetainedValue().close()
}
