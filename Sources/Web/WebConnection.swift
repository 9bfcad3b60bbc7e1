internal import Basics
internal import CMicroHTTPD
internal import Glibc
internal import MicroHTTPDShim

/// One connection, from its begin to its end.
///
/// The library's own timeout counts from the last byte, so that somebody who sends one a minute would hold a connection for
/// hours. Here a whole request has to come in time.
final class WebConnection: Sendable {
    private struct State {
        /// Until when the request that is awaited has to be there; nil while one is answered.
        var deadline: Duration?
        var isOpen = true
    }

    private let descriptor: CInt
    private let state: Locked<State>

    init(descriptor: CInt, deadline: Duration) {
        self.descriptor = descriptor
        state = Locked(State(deadline: deadline))
    }

    /// Says until when the next request has to be there; nil: one is being answered.
    func expect(by deadline: Duration?) { state.withLock { $0.deadline = deadline } }

    /// Ends the connection when the request has not come in time.
    func endIfLate(at now: Duration) {
        state.withLock { state in
            guard state.isOpen, let deadline = state.deadline, now >= deadline else { return }
            state.deadline = nil
            // Not closed, which is the daemon's to do: it sees the end and does so.
            shutdown(descriptor, CInt(SHUT_RDWR))
        }
    }

    /// The daemon is about to close the socket, whose number may then be another's.
    func close() { state.withLock { $0.isOpen = false } }

    static func of(_ connection: OpaquePointer) -> WebConnection? {
        web_connection(connection).map { Unmanaged<WebConnection>.fromOpaque($0).takeUnretainedValue() }
    }
}

/// The connections of a server.
final class WebConnections: Sendable {
    private let all = Locked<[ObjectIdentifier: WebConnection]>([:])
    private let timeout: Duration
    private let time = SystemTime()

    init(timeout: Duration) { self.timeout = timeout }

    var count: Int { all.withLock { $0.count } }

    /// Until when a request has to be there that is awaited from now on.
    var deadline: Duration { time.uptime + timeout }

    func open(_ descriptor: CInt) -> WebConnection {
        let connection = WebConnection(descriptor: descriptor, deadline: deadline)
        all.withLock { $0[ObjectIdentifier(connection)] = connection }
        return connection
    }

    func close(_ connection: WebConnection) {
        connection.close()
        all.withLock { $0[ObjectIdentifier(connection)] = nil }
    }

    /// Ends those whose request doesn't come, once a second, until the task is cancelled.
    func watch() async {
        while !Task.isCancelled {
            do { try await time.sleep(for: .seconds(1)) } catch { return }
            let now = time.uptime
            for connection in all.withLock({ Array($0.values) }) { connection.endIfLate(at: now) }
        }
    }
}

/// The daemon's two callbacks for connections; their context is the server's core.
func openConnection(context: UnsafeMutableRawPointer?, descriptor: CInt) -> UnsafeMutableRawPointer? {
    guard let context else { return nil }
    let core = Unmanaged<WebServerCore>.fromOpaque(context).takeUnretainedValue()
    return Unmanaged.passRetained(core.connections.open(descriptor)).toOpaque()
}

func closeConnection(context: UnsafeMutableRawPointer?, connection: UnsafeMutableRawPointer?) {
    guard let context, let connection else { return }
    let core = Unmanaged<WebServerCore>.fromOpaque(context).takeUnretainedValue()
    core.connections.close(Unmanaged<WebConnection>.fromOpaque(connection).takeRetainedValue())
}
