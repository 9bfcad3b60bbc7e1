import Glibc

/// Sends requests at a steady rate, whatever the answers take, and measures each from the instant at which it was due.
///
/// So an answer that holds up those behind it counts for all of them.
struct Load: Sendable {
    let port: UInt16
    let perSecond: Int
    let connections: Int

    struct Answer: Sendable {
        let status: Int
        /// From when it was due to the last byte of its answer.
        let milliseconds: Double
    }

    /// Sends all of them over so many connections that stay open.
    func send(_ requests: [[UInt8]]) -> [Answer] {
        let start = Self.now() + 0.05
        let results = Results(connections)
        var threads: [pthread_t] = []
        for lane in 0..<connections {
            let work = Work {
                var answers: [Answer] = []
                guard let socket = Connection(port) else { return results.put([], at: lane) }
                for index in stride(from: lane, to: requests.count, by: connections) {
                    let due = start + Double(index) / Double(perSecond)
                    let wait = due - Self.now()
                    if wait > 0 { usleep(UInt32(wait * 1e6)) }
                    let status = socket.exchange(requests[index])
                    answers.append(Answer(status: status, milliseconds: (Self.now() - due) * 1e3))
                }
                results.put(answers, at: lane)
            }
            var thread = pthread_t()
            pthread_create(
                &thread, nil,
                { pointer in
                    if let pointer { Unmanaged<Work>.fromOpaque(pointer).takeRetainedValue().body() }
                    return nil
                }, Unmanaged.passRetained(work).toOpaque())
            threads.append(thread)
        }
        for thread in threads { pthread_join(thread, nil) }
        return results.all
    }

    static func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    private final class Work: Sendable {
        let body: @Sendable () -> Void

        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    /// Each lane writes its own place, and all are joined before any is read.
    private final class Results: @unchecked Sendable {  // A place is written by one thread, and read after the join.
        private let lanes: UnsafeMutableBufferPointer<[Answer]>

        init(_ count: Int) {
            lanes = .allocate(capacity: count)
            lanes.initialize(repeating: [])
        }

        func put(_ answers: [Answer], at lane: Int) { lanes[lane] = answers }

        var all: [Answer] { lanes.flatMap { $0 } }
    }
}

/// A connection to this machine that is kept open.
final class Connection {
    private let descriptor: CInt
    private var buffer = [UInt8](repeating: 0, count: 16_384)

    init?(_ port: UInt16) {
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
        var isOn: CInt = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &isOn, socklen_t(MemoryLayout<CInt>.size))
        if status != 0 { return nil }
    }

    deinit { close(descriptor) }

    /// Sends a request and reads its answer; the status, 0 where there was none.
    func exchange(_ request: [UInt8]) -> Int {
        var sent = 0
        while sent < request.count {
            let count = request.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress?.advanced(by: sent), request.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return 0 }
            sent += count
        }
        var answer: [UInt8] = []
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { return 0 }
            answer += buffer[0..<count]
            guard let end = Self.end(of: answer) else { continue }
            let head = String(decoding: answer[..<end], as: UTF8.self).lowercased()
            let length = head.split(separator: "\r\n").first { $0.hasPrefix("content-length:") }
                .flatMap { Int($0.dropFirst(15).filter { $0 != " " }) }
            guard let length, answer.count >= end + 4 + length else { continue }
            return Int(head.dropFirst(9).prefix(3)) ?? 0
        }
    }

    /// Where the empty line after the head begins.
    private static func end(of bytes: [UInt8]) -> Int? {
        guard bytes.count >= 4 else { return nil }
        for index in 0...(bytes.count - 4)
        where bytes[index] == 13 && bytes[index + 1] == 10 && bytes[index + 2] == 13 && bytes[index + 3] == 10 {
            return index
        }
        return nil
    }
}
