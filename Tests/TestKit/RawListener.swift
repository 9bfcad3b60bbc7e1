import Basics
import Glibc

/// Listens on 127.0.0.1 and hands each connection to a closure, on a thread of its own; closed when that returns.
public final class RawListener: Sendable {
    private let descriptor: CInt
    public let port: UInt16

    /// Nil when the system gives no port.
    public init?(_ serve: @escaping @Sendable (RawSocket) -> Void) {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(listener, address, length) | listen(listener, 64) | getsockname(listener, address, &length)
            }
        }
        guard status == 0 else {
            close(listener)
            return nil
        }
        descriptor = listener
        port = UInt16(bigEndian: address.sin_port)
        startThread {
            while true {
                let connection = accept(listener, nil, nil)
                guard connection >= 0 else {
                    close(listener)
                    return
                }
                startThread { serve(RawSocket(descriptor: connection)) }
            }
        }
    }

    deinit { shutdown(descriptor, Int32(SHUT_RDWR)) }
}
