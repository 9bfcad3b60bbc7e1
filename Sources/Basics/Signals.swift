internal import Glibc
internal import SystemShim

/// The signals that a service answers to.
public enum ServiceSignal: Sendable, Hashable {
    /// SIGINT or SIGTERM.
    case stop
    /// SIGHUP.
    case reload
}

/// Hands the process's signals to whoever handles them now; without a handler a stop ends the process.
public final class SignalRouter: Sendable {
    private let handler = Locked<(@Sendable (ServiceSignal) -> Void)?>(nil)

    /// Takes SIGINT, SIGTERM and SIGHUP out of their usual way.
    ///
    /// To be made before the first thread is started: threads inherit what their starter blocks.
    public init() {
        system_block_signals()
        startThread { [handler] in
            while true {
                let number = system_wait_signal()
                if let handler = handler.withLock({ $0 }) {
                    handler(number == SIGHUP ? .reload : .stop)
                } else {
                    // What a shell expects of a process that a signal ended.
                    _exit(128 + number)
                }
            }
        }
    }

    /// From now on calls `body`, on a thread of its own, for each signal that arrives.
    public func handle(_ body: @escaping @Sendable (ServiceSignal) -> Void) {
        handler.withLock { $0 = body }
    }
}

/// Talks to the service manager by sd_notify's protocol; does nothing where no manager listens.
public struct ServiceManager: Sendable {
    private let socket: String?
    /// How often the manager wants a sign of life; nil: it doesn't.
    public let watchdogInterval: Duration?

    /// - Parameter environment: holds `NOTIFY_SOCKET` and `WATCHDOG_USEC` under systemd.
    public init(environment: [String: String]) {
        socket = environment["NOTIFY_SOCKET"].flatMap { $0.isEmpty ? nil : $0 }
        watchdogInterval = environment["WATCHDOG_USEC"].flatMap { Int64($0) }.map { .microseconds($0 / 2) }
    }

    /// Sends a state such as `READY=1`; true when somebody took it.
    @discardableResult
    public func notify(_ state: String) -> Bool {
        guard let socket else { return false }
        return system_notify(socket, state) == 0
    }
}

extension StandardStreams {
    /// Columns of the terminal, or 100 where the stream is none.
    public static func columns(_ descriptor: CInt) -> Int { Int(system_terminal_columns(descriptor)) }
}
