public import Basics
import Formats
public import Reconciler
import Store
public import Web

/// Takes the deliveries of providers: proves who sent them, keeps them, and answers.
///
/// Nothing of them is acted on here.
public struct HookEndpoints: Sendable {
    /// Whether a provider's deliveries are taken.
    public enum Door: Sendable {
        /// No secret is configured.
        case closed
        /// A secret is configured and leads to no value: that is no open door.
        case broken(SecretReference)
        case guarded(Secret)
    }

    private let door: @Sendable (HookProvider) -> Door
    private let intake: DeliveryIntake
    private let metrics: Metrics
    private let time: any TimeSource

    /// - Parameters:
    ///   - intake: keeps what was proved.
    ///   - metrics: counts.
    ///   - time: what the instants of signatures are held against.
    ///   - door: of a provider, asked at each delivery.
    public init(
        intake: DeliveryIntake, metrics: Metrics, time: any TimeSource, door: @escaping @Sendable (HookProvider) -> Door
    ) {
        self.door = door
        self.intake = intake
        self.metrics = metrics
        self.time = time
    }

    /// A provider's door, by the reference that is configured for it: what it leads to now, so that a secret that comes late
    /// or is replaced needs no restart.
    public static func door(_ reference: SecretReference?, in environment: [String: String]) -> Door {
        guard let reference else { return .closed }
        return reference.resolve(in: environment).map { .guarded($0) } ?? .broken(reference)
    }

    /// Answers a post to a provider's path; nil where the path is nobody's.
    public func answer(_ request: WebRequest) async -> WebResponse? {
        guard let provider = HookProvider.allCases.first(where: { $0.path == request.path }) else { return nil }
        guard request.method == "POST" else {
            return .refusal(405, "this path is called with POST", allow: "POST")
        }
        let begin = time.uptime
        let (outcome, response) = await take(request, from: provider)
        metrics.add(
            "reconciler_hook_deliveries_total", 1, ["provider": provider.rawValue, "outcome": outcome.rawValue])
        metrics.observe("reconciler_hook_answer_seconds", Double((time.uptime - begin).microseconds) / 1_000_000)
        return response
    }

    private enum Outcome: String {
        case received, duplicate, refused, unavailable, challenge
    }

    private func take(_ request: WebRequest, from provider: HookProvider) async -> (Outcome, WebResponse) {
        let secret: Secret
        switch door(provider) {
        case .guarded(let value): secret = value
        case .broken(let reference):
            return (.unavailable, .refusal(503, "the secret of \(provider.title)'s hooks leads nowhere: \(reference)"))
        case .closed:
            let message =
                "\(provider.title)'s hooks are not set up here: name their secret as hooks.\(provider.rawValue), "
                + "or set \(provider.variable)"
            return (.refused, .refusal(404, message))
        }
        guard request.body.count <= provider.bodyLimit else {
            return (.refused, .refusal(413, "the body has more than \(provider.bodyLimit) bytes"))
        }
        let now = time.now
        if let refusal = Self.refusal(of: request, from: provider, secret, now) { return (.refused, refusal) }
        switch HookEnvelope(provider, header: { request.header($0) }, body: request.body, at: now).read() {
        case .refusal(let reason): return (.refused, .refusal(400, reason))
        case .challenge(let text): return (.challenge, .json(200, ["challenge": .string(text)]))
        case .delivery(let delivery):
            switch await intake.keep(delivery) {
            case .success(let receipt) where receipt.isDuplicate: return (.duplicate, Self.receipt(200, receipt))
            case .success(let receipt): return (.received, Self.receipt(202, receipt))
            case .failure(let refusal):
                let fault = refusal.fault
                var response = WebResponse.refusal(503, "\(fault.code): \(fault.message)")
                response.headers.append(("Retry-After", "30"))
                return (.unavailable, response)
            }
        }
    }

    private static func receipt(_ status: Int, _ receipt: DeliveryReceipt) -> WebResponse {
        .json(
            status, ["ok": true, "delivery_id": .string(receipt.id), "duplicate": .bool(receipt.isDuplicate)])
    }

    // MARK: Who sent it

    private static func refusal(
        of request: WebRequest, from provider: HookProvider, _ secret: Secret, _ now: Timestamp
    ) -> WebResponse? {
        let body = request.body
        let verdict: WebhookSignature.Verdict
        switch provider {
        case .github:
            let signature = request.header(WebhookSignature.gitHubHeader)
            verdict = WebhookSignature.gitHub(body, signature: signature, secret: secret)
        case .vercel:
            let signature = request.header(WebhookSignature.vercelHeader)
            verdict = WebhookSignature.vercel(body, signature: signature, secret: secret)
        case .plane:
            let signature = request.header(WebhookSignature.planeHeader)
            verdict = WebhookSignature.plane(body, signature: signature, secret: secret)
        case .slack:
            let names = WebhookSignature.slackHeaders
            verdict = WebhookSignature.slack(
                body, timestamp: request.header(names.timestamp), signature: request.header(names.signature),
                secret: secret, now: now)
        case .mailgun:
            // Mailgun signs a part of the body and not the body, so that this one is read before it is believed.
            guard let part = (try? JSONDocument(body))?.root["signature"] else {
                return .refusal(400, "the body is no JSON with a `signature`")
            }
            verdict = WebhookSignature.mailgun(
                timestamp: part["timestamp"].string ?? part["timestamp"].numberText, token: part["token"].string,
                signature: part["signature"].string, secret: secret, now: now)
        }
        switch verdict {
        case .valid: return nil
        case .missing: return .refusal(401, "the signature is missing")
        case .wrong: return .refusal(401, "the signature is wrong: another secret, or another body")
        // Mailgun repeats what it gets any other answer to, and this one never becomes true again.
        case .stale:
            let status = provider == .mailgun ? 406 : 401
            return .refusal(status, "the signature is of another time: is the clock of this machine right?")
        }
    }
}
