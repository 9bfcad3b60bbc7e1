import Basics
import Drivers
import HTTPClient
import Store

/// A mistake that is built into a process on purpose, between it and its gate, to see whether the oracles notice.
protocol Mutant: Sendable {
    var name: String { get }

    func transport(_ inner: any HTTPTransport) -> any HTTPTransport
    func engine(_ inner: any SQLEngine) -> any SQLEngine
    func driver(_ inner: any Driver) -> any Driver
    func time(_ inner: any TimeSource, process: Int) -> any TimeSource
}

extension Mutant {
    func transport(_ inner: any HTTPTransport) -> any HTTPTransport { inner }
    func engine(_ inner: any SQLEngine) -> any SQLEngine { inner }
    func driver(_ inner: any Driver) -> any Driver { inner }
    func time(_ inner: any TimeSource, process: Int) -> any TimeSource { inner }
}

/// The program as it is.
struct Sound: Mutant {
    let name = "none"
}
