import Basics
import Glibc

/// A TCP connection without manners, for talking to servers as no library would.
public final class RawSocket: Sendable {
    /// Reading blocks, and the few threads of the cooperative pool are needed by the server's handlers.
    private static let threads = ThreadPool(threads: 80)

    private let descriptor: CInt

    /// Connects to a port of 127.0.0.1; nil when refused.
    ///
    /// `seconds` is how long a byte may be in coming, or in being taken.
    public init?(port: UInt16, seconds: Int = 5) {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        // A failed initialiser runs `deinit`, which closes: closing here too would take another thread's descriptor.
        guard status == 0 else { return nil }
        var timeout = timeval(tv_sec: seconds, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    }

    init(descriptor: CInt) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// Writes all bytes; false when the other end has closed.
    @discardableResult
    public func send(_ bytes: some Sequence<UInt8>) -> Bool {
        let bytes = Array(bytes)
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress?.advanced(by: sent), bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    /// Reads until the other end closes, or its time passes without a byte.
    public func readToEnd() async -> String { await Self.threads.run { self.blockingReadToEnd() } }

    private func blockingReadToEnd() -> String {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(descriptor, &chunk, chunk.count, 0)
            guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
            bytes.append(contentsOf: chunk[0..<count])
        }
    }

    /// Reads until the text has come, or the other end closes, or its time passes without a byte.
    public func read(until text: String) async -> String { await Self.threads.run { self.blockingRead(until: text) } }

    /// Reads on the calling thread, which must not be one of the cooperative pool.
    public func blockingRead(until text: String) -> String {
        var bytes: [UInt8] = []
        var byte: UInt8 = 0
        let end = Array(text.utf8)
        while bytes.suffix(end.count) != end[...], recv(descriptor, &byte, 1, 0) == 1 { bytes.append(byte) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Makes the close a reset, which throws away what is on its way.
    public func resetOnClose() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
    }

    /// Says that no more will be sent.
    public func finish() { shutdown(descriptor, Int32(SHUT_WR)) }
}
