internal import Basics
internal import CCurl
internal import CurlShim

/// The thread that owns every libcurl handle; others only leave work in its inbox and wake it.
final class CurlEngine: @unchecked Sendable {  // Handles are touched by the thread alone, the inbox is locked.
    private struct Inbox {
        var added: [CurlTransfer] = []
        var cancelled: [CurlTransfer] = []
        var isStopped = false
        /// Nil before the start and after the end; waking is done under the lock, so that it is never freed meanwhile.
        var multi: UnsafeMutableRawPointer?
        var connectionsOpened = 0
    }

    private let options: CurlOptions
    private let inbox = Locked(Inbox())
    private var running: [ObjectIdentifier: CurlTransfer] = [:]
    private var spare: [UnsafeMutableRawPointer] = []

    init(options: CurlOptions) { self.options = options }

    var connectionsOpened: Int { inbox.withLock { $0.connectionsOpened } }

    func start() {
        guard http_global_init() != 0, let multi = http_multi(options.connectionsPerHost, 64) else {
            inbox.withLock { $0.isStopped = true }
            return
        }
        inbox.withLock { $0.multi = multi }
        let address = UInt(bitPattern: multi)
        startThread { [self] in
            guard let multi = UnsafeMutableRawPointer(bitPattern: address) else { return }
            http_block_broken_pipe()
            run(multi)
        }
    }

    func stop() {
        inbox.withLock { inbox in
            inbox.isStopped = true
            if let multi = inbox.multi { curl_multi_wakeup(multi) }
        }
    }

    func add(_ transfer: CurlTransfer, _ continuation: CheckedContinuation<Result<HTTPResponse, HTTPFault>, Never>) {
        let refusal = inbox.withLock { inbox -> HTTPFault? in
            if transfer.isCancelled { return transfer.cancellation }
            guard !inbox.isStopped, let multi = inbox.multi else {
                return HTTPFault(
                    .notSent, code: "HTTP-0002", message: "the transport has been stopped",
                    place: transfer.request.place)
            }
            transfer.continuation = continuation
            transfer.isAdded = true
            inbox.added.append(transfer)
            // One waking is enough for all that wait.
            if inbox.added.count == 1 { curl_multi_wakeup(multi) }
            return nil
        }
        if let refusal { continuation.resume(returning: .failure(refusal)) }
    }

    func cancel(_ transfer: CurlTransfer) {
        inbox.withLock { inbox in
            transfer.isCancelled = true
            guard transfer.isAdded, let multi = inbox.multi else { return }
            inbox.cancelled.append(transfer)
            curl_multi_wakeup(multi)
        }
    }

    private func run(_ multi: UnsafeMutableRawPointer) {
        while true {
            let (added, cancelled, isStopped) = inbox.withLock { inbox in
                defer {
                    inbox.added = []
                    inbox.cancelled = []
                }
                return (inbox.added, inbox.cancelled, inbox.isStopped)
            }
            for transfer in added { begin(transfer, multi) }
            for transfer in cancelled where running[ObjectIdentifier(transfer)] != nil {
                end(transfer, .failure(transfer.cancellation), multi)
            }
            if isStopped { return finish(multi) }
            var count: CInt = 0
            curl_multi_perform(multi, &count)
            reap(multi)
            curl_multi_poll(multi, nil, 0, running.isEmpty ? 60_000 : 1_000, nil)
        }
    }

    private func begin(_ transfer: CurlTransfer, _ multi: UnsafeMutableRawPointer) {
        guard let easy = spare.popLast() ?? curl_easy_init() else {
            let fault = HTTPFault(
                .notSent, code: "HTTP-0002", message: "libcurl has no memory for another request",
                place: transfer.request.place)
            return resume(transfer, .failure(fault))
        }
        if let fault = transfer.prepare(easy, options: options) {
            transfer.close()
            spare.append(easy)
            return resume(transfer, .failure(fault))
        }
        running[ObjectIdentifier(transfer)] = transfer
        curl_multi_add_handle(multi, easy)
    }

    private func reap(_ multi: UnsafeMutableRawPointer) {
        var left: CInt = 0
        while let message = curl_multi_info_read(multi, &left) {
            var status = CURLE_OK
            // The message is gone with the next call to the library.
            guard http_is_done(message, &status) != 0, let easy = message.pointee.easy_handle,
                let context = http_context(easy)
            else { continue }
            let transfer = Unmanaged<CurlTransfer>.fromOpaque(context).takeUnretainedValue()
            end(transfer, transfer.outcome(status), multi)
        }
    }

    private func end(
        _ transfer: CurlTransfer, _ outcome: Result<HTTPResponse, HTTPFault>, _ multi: UnsafeMutableRawPointer
    ) {
        running[ObjectIdentifier(transfer)] = nil
        if let easy = transfer.easy {
            let opened = http_connections_opened(easy)
            if opened > 0 { inbox.withLock { $0.connectionsOpened += opened } }
            curl_multi_remove_handle(multi, easy)
            transfer.close()
            if spare.count < 64 { spare.append(easy) } else { curl_easy_cleanup(easy) }
        }
        resume(transfer, outcome)
    }

    private func resume(_ transfer: CurlTransfer, _ outcome: Result<HTTPResponse, HTTPFault>) {
        let continuation = transfer.continuation
        transfer.continuation = nil
        continuation?.resume(returning: outcome)
    }

    private func finish(_ multi: UnsafeMutableRawPointer) {
        let added = inbox.withLock { inbox in
            inbox.multi = nil
            defer { inbox.added = [] }
            return inbox.added
        }
        for transfer in added { resume(transfer, .failure(transfer.cancellation)) }
        for transfer in Array(running.values) { end(transfer, .failure(transfer.cancellation), multi) }
        for easy in spare { curl_easy_cleanup(easy) }
        spare = []
        curl_multi_cleanup(multi)
    }
}
