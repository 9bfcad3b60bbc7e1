internal import Basics
internal import CMicroHTTPD
internal import Glibc
internal import MicroHTTPDShim

/// One request and its answer, from the request line to the last byte.
///
/// Until the handler starts, and again once the connection is resumed, it belongs to the daemon's thread.
final class WebExchange: @unchecked Sendable {  // Only the daemon reads; the answer is locked.
    private enum Answer {
        case none
        case running(connection: OpaquePointer, task: Task<Void, Never>?)
        /// The connection has been resumed; the daemon's thread takes the answer.
        case resumed(WebResponse)
    }

    private enum Reading {
        case nothing
        case body(RequestHead)
        /// Too much of a body came: the rest is read and forgotten, for a client that is still writing reads no answer.
        case discarding
    }

    private let core: WebServerCore
    private let target: String
    private let bodyLimit: Int
    private var reading = Reading.nothing
    private var body: [UInt8] = []
    private var received = 0
    /// Whether the connection ends with the answer.
    private var isLast = false
    private let answer = Locked<Answer>(.none)
    private let stream = Locked<WebStream?>(nil)

    init(core: WebServerCore, target: String) {
        self.core = core
        self.target = target
        bodyLimit = core.options.bodyLimit(ofTarget: target)
    }

    var isResumed: Bool {
        answer.withLock { if case .resumed = $0 { true } else { false } }
    }

    /// Takes one call of the daemon: the header, a piece of the body, its end, or the time to answer.
    func advance(
        _ connection: OpaquePointer, method: UnsafePointer<CChar>, version: UnsafePointer<CChar>,
        data: UnsafePointer<CChar>?, size: UnsafeMutablePointer<Int>
    ) -> MHD_Result {
        switch reading {
        case .nothing:
            return begin(connection, method: method, version: version)
        case .body(let head):
            if size.pointee > 0 {
                take(data, size.pointee)
                size.pointee = 0
                return .YES
            }
            let response = answer.withLock {
                if case .resumed(let response) = $0 { response } else { nil as WebResponse? }
            }
            guard let response else { return run(head, connection) }
            return queue(response, on: connection)
        case .discarding:
            let (total, overflow) = received.addingReportingOverflow(size.pointee)
            guard size.pointee > 0 else { return queue(tooLarge, on: connection) }
            size.pointee = 0
            received = total
            return overflow || total > bodyLimit.multipliedReportingOverflow(by: 4).partialValue + 1 << 20
                ? .NO : .YES
        }
    }

    private func begin(
        _ connection: OpaquePointer, method: UnsafePointer<CChar>, version: UnsafePointer<CChar>
    ) -> MHD_Result {
        let headers = Self.headers(of: connection)
        do throws(RequestHead.Refusal) {
            let head = try RequestHead(
                method: String(cString: method), target: target, version: String(cString: version), headers: headers,
                headerLimit: core.options.headerLimit)
            guard web_header_is_whole(connection, method, version) == 1 else {
                throw RequestHead.Refusal(
                    status: 400, reason: "a line of the header is continued, has no name, or does not end by CR LF")
            }
            // What stands after the last chunk is read as loosely by the library, and nobody sees it: where that ends,
            // and with it what would be the next request, two readers could tell differently.
            isLast = head.contentLength == nil
            reading = .body(head)
            guard let length = head.contentLength, length > bodyLimit else {
                body.reserveCapacity(head.contentLength ?? 0)
                return .YES
            }
            guard !head.expectsContinue, length / 2 <= bodyLimit else {
                return queue(tooLarge, on: connection)
            }
            reading = .discarding
            return .YES
        } catch {
            return queue(refusal(error.status, error.reason), on: connection)
        }
    }

    private func take(_ data: UnsafePointer<CChar>?, _ count: Int) {
        received += count
        guard received <= bodyLimit, let data else {
            body = []
            reading = .discarding
            return
        }
        body.append(contentsOf: UnsafeRawBufferPointer(start: data, count: count))
    }

    /// Suspends the connection and starts the handler.
    private func run(_ head: RequestHead, _ connection: OpaquePointer) -> MHD_Result {
        guard core.register(self) else {
            return queue(refusal(503, "the server is stopping"), on: connection)
        }
        let request = WebRequest(
            method: head.method, path: head.path, segments: head.segments, query: head.query, headers: head.headers,
            body: body, peer: Self.peer(of: connection))
        body = []
        WebConnection.of(connection)?.expect(by: nil)
        MHD_suspend_connection(connection)
        answer.withLock { $0 = .running(connection: connection, task: nil) }
        let task = Task(executorPreference: core.options.home?(request)) { [self] in
            let response = await core.handler(request)
            if response.delay > .zero { try? await core.options.time.sleep(for: response.delay) }
            finish(response)
        }
        answer.withLock { answer in
            if case .running(_, nil) = answer { answer = .running(connection: connection, task: task) }
        }
        return .YES
    }

    /// Takes the first answer and wakes the connection; a later one is dropped.
    private func finish(_ response: WebResponse) {
        answer.withLock { answer in
            guard case .running(let connection, _) = answer else {
                response.stream?.closeUnattached()
                return
            }
            answer = .resumed(response)
            // Under the lock, so that the stop, which asks `isResumed`, can't come between.
            MHD_resume_connection(connection)
        }
    }

    /// Answers by 503 and cancels the handler.
    ///
    /// In this order: a handler that takes the cancellation for its end would answer first.
    func abandon() {
        let task = answer.withLock { if case .running(_, let task) = $0 { task } else { nil as Task<Void, Never>? } }
        finish(refusal(503, "the server is stopping"))
        task?.cancel()
    }

    /// Ends the answer that is sent piece by piece, where this is one.
    func endStream() { stream.withLock { $0 }?.end() }

    /// The daemon is done with the request, whatever came of it.
    func end() {
        // Its client left before it was asked for.
        if case .resumed(let response) = answer.withLock({ $0 }) { response.stream?.closeUnattached() }
        core.unregister(self)
    }

    private var tooLarge: WebResponse { refusal(413, "the body is too large") }

    private func refusal(_ status: Int, _ reason: String) -> WebResponse {
        var response = core.options.refusal?(target, status, reason) ?? .text(status, reason + "\n")
        response.headers.append(("Connection", "close"))
        return response
    }

    private static func headers(of connection: OpaquePointer) -> [(name: String, value: String)] {
        var headers: [(name: String, value: String)] = []
        withUnsafeMutablePointer(to: &headers) { pointer in
            _ = MHD_get_connection_values_n(connection, .HEADER_KIND, collectHeader, pointer)
        }
        return headers
    }

    private static func peer(of connection: OpaquePointer) -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
            guard let base = buffer.baseAddress else { return "" }
            web_peer(connection, base, buffer.count)
            return String(cString: base)
        }
    }
}

extension WebExchange {
    /// Gives the answer to the daemon, or closes the connection where the answer says so.
    private func queue(_ response: WebResponse, on connection: OpaquePointer) -> MHD_Result {
        let handle: OpaquePointer?
        switch response.fault {
        case .drop:
            return .NO
        case .truncate(let count):
            let part = TruncatedBody(bytes: response.body, limit: max(0, min(count, response.body.count)))
            handle = MHD_create_response_from_callback(
                UInt64(response.body.count), 65_536, readTruncated, Unmanaged.passRetained(part).toOpaque(),
                releaseTruncated)
        case nil where response.pace > .zero && !response.body.isEmpty:
            handle = begin(trickle(response), on: connection)
        case nil where response.stream != nil:
            handle = response.stream.flatMap { begin($0, on: connection) }
        case nil:
            handle = response.body.withUnsafeBytes { bytes in
                MHD_create_response_from_buffer(
                    bytes.count, UnsafeMutableRawPointer(mutating: bytes.baseAddress), .RESPMEM_MUST_COPY)
            }
        }
        guard let handle else { return .NO }
        defer { MHD_destroy_response(handle) }
        var closes = false
        for (name, value) in response.headers where !name.matchesIgnoringCase("content-length") {
            if name.matchesIgnoringCase("connection") { closes = value.matchesIgnoringCase("close") }
            // The library refuses what would break the framing, a newline in a value for example.
            _ = MHD_add_response_header(handle, name, value)
        }
        if core.isStopping || isLast, !closes { _ = MHD_add_response_header(handle, "Connection", "close") }
        let status = (200...599).contains(response.status) ? response.status : 500
        return MHD_queue_response(connection, UInt32(status), handle)
    }
}

extension WebExchange {
    /// The body in eight pieces, a pause before each.
    private func trickle(_ response: WebResponse) -> WebStream {
        let stream = WebStream(limit: response.body.count)
        let (body, time) = (response.body, core.options.time)
        let size = max(1, (body.count + 7) / 8)
        Task {
            for start in stride(from: 0, to: body.count, by: size) {
                do { try await time.sleep(for: response.pace / 8) } catch { break }
                guard stream.send(Array(body[start..<min(start + size, body.count)])) else { break }
            }
            stream.end()
        }
        return stream
    }

    /// Makes the answer that a stream is; nil when it has had a connection already.
    private func begin(_ stream: WebStream, on connection: OpaquePointer) -> OpaquePointer? {
        guard stream.attach(to: connection) else { return nil }
        // Known before the look at the server's phase: the stop, which goes the other way round, then finds it.
        self.stream.withLock { $0 = stream }
        if core.isStopping { stream.end() }
        return MHD_create_response_from_callback(
            UInt64.max, 16_384, readStream, Unmanaged.passRetained(stream).toOpaque(), releaseStream)
    }
}

/// The part of a body that is sent before the connection is closed on purpose.
private final class TruncatedBody: Sendable {
    let bytes: [UInt8]
    let limit: Int

    init(bytes: [UInt8], limit: Int) {
        self.bytes = bytes
        self.limit = limit
    }
}

private func readTruncated(
    context: UnsafeMutableRawPointer?, position: UInt64, buffer: UnsafeMutablePointer<CChar>?, capacity: Int
) -> Int {
    let endWithError = -2  // MHD_CONTENT_READER_END_WITH_ERROR: a macro with a cast, which isn't imported.
    guard let context, let buffer else { return endWithError }
    let part = Unmanaged<TruncatedBody>.fromOpaque(context).takeUnretainedValue()
    let start = Int(clamping: position)
    guard start < part.limit else { return endWithError }
    let count = min(capacity, part.limit - start)
    part.bytes.withUnsafeBytes { bytes in
        UnsafeMutableRawBufferPointer(start: buffer, count: count).copyMemory(
            from: UnsafeRawBufferPointer(rebasing: bytes[start..<start + count]))
    }
    return count
}

private func releaseTruncated(context: UnsafeMutableRawPointer?) {
    if let context { Unmanaged<TruncatedBody>.fromOpaque(context).release() }
}

private func collectHeader(
    context: UnsafeMutableRawPointer?, kind: MHD_ValueKind, name: UnsafePointer<CChar>?, nameSize: Int,
    value: UnsafePointer<CChar>?, valueSize: Int
) -> MHD_Result {
    guard let context else { return .NO }
    let headers = context.assumingMemoryBound(to: [(name: String, value: String)].self)
    let text = { (start: UnsafePointer<CChar>?, count: Int) in
        String(decoding: UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : count), as: UTF8.self)
    }
    headers.pointee.append((text(name, nameSize), text(value, valueSize)))
    return .YES
}

/// The daemon's three callbacks; their context is the server's core, retained as long as the daemon lives.
func beginExchange(
    context: UnsafeMutableRawPointer?, target: UnsafePointer<CChar>?, connection: OpaquePointer?
) -> UnsafeMutableRawPointer? {
    guard let context, let target else { return nil }
    let core = Unmanaged<WebServerCore>.fromOpaque(context).takeUnretainedValue()
    return Unmanaged.passRetained(WebExchange(core: core, target: String(cString: target))).toOpaque()
}

func handleAccess(
    context: UnsafeMutableRawPointer?, connection: OpaquePointer?, url: UnsafePointer<CChar>?,
    method: UnsafePointer<CChar>?, version: UnsafePointer<CChar>?, data: UnsafePointer<CChar>?,
    size: UnsafeMutablePointer<Int>?, exchange: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
) -> MHD_Result {
    guard let connection, let method, let version, let size, let exchange = exchange?.pointee else { return .NO }
    return Unmanaged<WebExchange>.fromOpaque(exchange).takeUnretainedValue()
        .advance(connection, method: method, version: version, data: data, size: size)
}

func completeExchange(
    context: UnsafeMutableRawPointer?, connection: OpaquePointer?,
    exchange: UnsafeMutablePointer<UnsafeMutableRawPointer?>?, reason: MHD_RequestTerminationCode
) {
    guard let pointer = exchange?.pointee else { return }
    exchange?.pointee = nil
    if let context, let connection {
        let core = Unmanaged<WebServerCore>.fromOpaque(context).takeUnretainedValue()
        WebConnection.of(connection)?.expect(by: core.connections.deadline)
    }
    Unmanaged<WebExchange>.fromOpaque(pointer).takeRetainedValue().end()
}
