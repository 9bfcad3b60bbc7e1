import Basics
import Console
import Formats
import Reconciler
import Store
import TestKit
import Testing
import Web

/// A post that must not be taken, and how it is answered.
struct BadPost: Sendable, CustomTestStringConvertible {
    let name: String
    let provider: HookProvider
    let status: Int
    let says: String
    let request: @Sendable (HookWorld) -> WebRequest

    var testDescription: String { "\(provider.rawValue): \(name)" }

    private static let gitHubHeaders = [("X-GitHub-Event", "push"), ("X-GitHub-Delivery", "d-1")]

    static let all: [BadPost] = {
        var all: [BadPost] = []
        for provider in [HookProvider.github, .vercel, .slack, .plane] {
            let headers = provider == .github ? gitHubHeaders : []
            let body = #"{"id": "e1", "type": "deployment.ready", "event": "issue", "event_id": "e1"}"#
            all.append(
                BadPost(name: "no signature", provider: provider, status: 401, says: "missing") { _ in
                    WebRequest(method: "POST", path: provider.path, headers: headers, body: Array(body.utf8))
                })
            all.append(
                BadPost(name: "another secret", provider: provider, status: 401, says: "wrong") {
                    $0.request(provider, body, headers: headers, secret: "another")
                })
            all.append(
                BadPost(name: "another body", provider: provider, status: 401, says: "wrong") {
                    let signed = $0.request(provider, body, headers: headers)
                    return WebRequest(
                        method: "POST", path: provider.path, headers: signed.headers, body: Array(body.utf8) + [32])
                })
            all.append(
                BadPost(name: "no JSON", provider: provider, status: 400, says: "no JSON") {
                    $0.request(provider, #"{"id": "e1","#, headers: headers)
                })
            all.append(
                BadPost(name: "a list", provider: provider, status: 400, says: "no JSON object") {
                    $0.request(provider, "[]", headers: headers)
                })
        }
        for shift in [Duration.seconds(-301), .seconds(301)] {
            all.append(
                BadPost(name: "five minutes off", provider: .slack, status: 401, says: "clock") {
                    $0.request(.slack, #"{"event_id": "e1"}"#, at: $0.time.now + shift)
                })
        }
        let data = #"{"id": "e1", "event": "delivered", "timestamp": 1772000000.5}"#
        all.append(
            BadPost(name: "no signature", provider: .mailgun, status: 401, says: "missing") {
                $0.request(.mailgun, #"{"event-data": \#(data)}"#)
            })
        all.append(
            BadPost(name: "another secret", provider: .mailgun, status: 401, says: "wrong") {
                $0.request(.mailgun, $0.mail(data, token: "t", key: "another"))
            })
        all.append(
            BadPost(name: "another token", provider: .mailgun, status: 401, says: "wrong") {
                $0.request(.mailgun, $0.mail(data, token: "token-1").replacing("token-1", "token-2"))
            })
        all.append(
            BadPost(name: "ten hours old", provider: .mailgun, status: 406, says: "clock") {
                $0.request(.mailgun, $0.mail(data, token: "t", at: $0.time.now - .hours(10)))
            })
        all.append(
            BadPost(name: "no JSON", provider: .mailgun, status: 400, says: "no JSON") {
                $0.request(.mailgun, "event=delivered")
            })
        all.append(
            BadPost(name: "no event", provider: .mailgun, status: 400, says: "event-data") {
                $0.request(.mailgun, $0.mail("{}", token: "t"))
            })
        for missing in ["X-GitHub-Event", "X-GitHub-Delivery"] {
            all.append(
                BadPost(name: "no \(missing)", provider: .github, status: 400, says: "missing") {
                    $0.request(.github, "{}", headers: gitHubHeaders.filter { $0.0 != missing })
                })
        }
        all.append(
            BadPost(name: "an id of control characters", provider: .vercel, status: 400, says: "printable") {
                $0.request(.vercel, #"{"id": "a\u0000b", "type": "deployment.ready"}"#)
            })
        all.append(
            BadPost(name: "no id", provider: .vercel, status: 400, says: "`id`") {
                $0.request(.vercel, #"{"type": "deployment.ready"}"#)
            })
        all.append(
            BadPost(name: "too long", provider: .plane, status: 413, says: "1048576") {
                $0.request(.plane, "{" + String(repeating: " ", count: 1 << 20) + "}")
            })
        return all
    }()
}

extension String {
    fileprivate func replacing(_ old: String, _ new: String) -> String {
        guard let range = firstRange(of: old) else { return self }
        return replacingCharacters(range, new)
    }

    private func replacingCharacters(_ range: Range<String.Index>, _ new: String) -> String {
        self[..<range.lowerBound] + new + self[range.upperBound...]
    }
}

@Suite("Who may send hooks")
struct SignatureTests {
    @Test(
        "What is not the provider's, of now and whole is refused with its reason, and kept nowhere",
        arguments: BadPost.all)
    func refuses(_ post: BadPost) async throws {
        let world = try await HookWorld.make()
        let answer = await world.answer(post.request(world))
        #expect(answer.status == post.status, "\(answer)")
        #expect(answer.json["ok"]?.boolValue == false)
        #expect(answer.json["error"]?.stringValue?.contains(post.says) == true, "\(answer)")
        #expect(try await world.deliveries().isEmpty)
        #expect(world.count("refused", post.provider) == 1)
        await world.close()
    }

    @Test("The providers' own vectors are taken", .enabled(if: Places.sharedDirectory != nil))
    func takesVectors() async throws {
        let file = "\(try #require(Places.sharedDirectory))/specs/webhook-vectors.json"
        let vectors = try JSON.parse(try FileSystem.read(file))["vectors"]?.listValue ?? []
        #expect(vectors.count >= 6)
        for vector in vectors {
            let provider = try #require(vector["provider"]?.stringValue.flatMap { HookProvider(rawValue: $0) })
            let key = ["secret", "signingKey", "signingSecret"].compactMap { vector[$0]?.stringValue }.first ?? ""
            var headers = [("X-GitHub-Event", "push"), ("X-GitHub-Delivery", "d")]
            var body = vector["body"]?.stringValue ?? ""
            var now = Timestamp(seconds: 1_772_000_000)
            switch provider {
            case .slack:
                for member in vector["headers"]?.objectValue?.members ?? [] {
                    headers.append((member.name, member.value.stringValue ?? ""))
                }
                headers.append(("Content-Type", "application/x-www-form-urlencoded"))
                now = Timestamp(seconds: 1_531_420_618)
            case .mailgun:
                let (time, token) = (vector["timestamp"]?.stringValue ?? "", vector["token"]?.stringValue ?? "")
                body = """
                    {"signature": {"timestamp": "\(time)", "token": "\(token)", \
                    "signature": "\(vector["value"]?.stringValue ?? "")"}, "event-data": {"event": "opened"}}
                    """
                now = Timestamp(decimalSeconds: time) ?? now
            default:
                headers.append((vector["header"]?.stringValue ?? "", vector["value"]?.stringValue ?? ""))
            }
            let world = try await HookWorld.make(
                door: { $0 == provider ? .guarded(Secret(key)) : .closed }, time: SimulatedTime(now: now))
            let answer = await world.answer(
                WebRequest(method: "POST", path: provider.path, headers: headers, body: Array(body.utf8)))
            // One of GitHub's is no JSON: its signature is good, and its body is not.
            #expect(answer.status == (body == "Hello, World!" ? 400 : 202), "\(provider): \(answer)")
            #expect(try await world.deliveries().count == (body == "Hello, World!" ? 0 : 1))
            await world.close()
        }
    }

    @Test("A door without a secret is closed, one whose secret is gone is no open door, and each says what to do")
    func doors() async throws {
        let world = try await HookWorld.make(
            door: { provider in
                let references: [HookProvider: SecretReference] = [
                    .plane: .environment("NOWHERE"), .github: .environment("KEY"),
                ]
                return HookEndpoints.door(references[provider], in: ["KEY": "k"])
            })
        for provider in HookProvider.allCases where provider != .github {
            let answer = await world.post(provider, "{}")
            #expect(answer.status == (provider == .plane ? 503 : 404), "\(provider)")
            let says = provider == .plane ? "env:NOWHERE" : provider.variable
            #expect(answer.json["error"]?.stringValue?.contains(says) == true, "\(answer)")
        }
        #expect(await world.gitHub("ping", "{}", id: "1", secret: "k").status == 202)
        #expect(await world.gitHub("ping", "{}", id: "2", secret: "").status == 401)
        let read = await world.endpoints.answer(WebRequest(method: "GET", path: "/hooks/github"))
        #expect(read?.status == 405 && read?.headers.contains { $0 == ("Allow", "POST") } == true)
        #expect(await world.endpoints.answer(WebRequest(method: "POST", path: "/hooks/nobody")) == nil)
        await world.close()
    }

    @Test("A secret that comes late, or is replaced, counts from the next delivery on")
    func rotation() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path("github-hooks")
        let world = try await HookWorld.make(door: { HookEndpoints.door($0 == .github ? .file(path) : nil, in: [:]) })
        #expect(await world.gitHub("ping", "{}", id: "1", secret: "old").status == 503)
        try FileSystem.write("old\n".utf8, to: path)
        #expect(await world.gitHub("ping", "{}", id: "2", secret: "old").status == 202)
        try FileSystem.write("new\n".utf8, to: path)
        #expect(await world.gitHub("ping", "{}", id: "3", secret: "old").status == 401)
        #expect(await world.gitHub("ping", "{}", id: "4", secret: "new").status == 202)
        await world.close()
    }

    @Test("Slack hears its challenge back, signed only; nothing of it is kept")
    func challenge() async throws {
        let world = try await HookWorld.make()
        let body = #"{"type": "url_verification", "challenge": "3eZbrw1aB", "token": "xoxb-secret"}"#
        let answer = await world.post(.slack, body)
        #expect(answer.status == 200 && answer.json["challenge"]?.stringValue == "3eZbrw1aB")
        #expect(await world.post(.slack, body, secret: "another").status == 401)
        #expect(try await world.deliveries().isEmpty)
        await world.close()
    }
}
