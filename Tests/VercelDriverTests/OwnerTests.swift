import Basics
import Drivers
import Formats
import HTTPClient
import Simulator
import Testing
import VercelDriver

@Suite("Whose the token is")
struct OwnerTests {
    /// Answers each question in one way, and counts them.
    private final class Answering: HTTPTransport {
        let status: Int
        let body: String
        let urls = Locked<[String]>([])

        init(_ status: Int, _ body: String) {
            self.status = status
            self.body = body
        }

        func send(_ request: HTTPRequest) async throws(HTTPFault) -> HTTPResponse {
            urls.withLock { $0.append(request.url) }
            return HTTPResponse(status: status, body: Array(body.utf8))
        }
    }

    private static func driver(_ transport: Answering, team: String? = nil) -> VercelDriver {
        VercelDriver(
            token: Secret("any"), team: team, baseURL: "http://vercel.test", transport: transport,
            time: SimulatedTime(now: Timestamp(seconds: 0), advancesBySleeping: true))
    }

    @Test(
        "Without a team it is the one that the token acts for, or the user; it is asked once, unless it doesn't tell",
        arguments: [
            (200, #"{"user": {"id": "u1", "defaultTeamId": "team_1"}}"#, "team team_1", 1),
            (200, #"{"user": {"id": "u1", "defaultTeamId": null}}"#, "user u1", 1),
            (403, #"{"error": {"code": "forbidden", "message": "Not authorized"}}"#, "nobody", 2),
            (403, #"{"error": {"code": "forbidden", "message": "x", "invalidToken": true}}"#, "VC-0001", 2),
        ])
    func tells(_ status: Int, _ body: String, _ expected: String, _ asked: Int) async {
        let transport = Answering(status, body)
        let driver = Self.driver(transport)
        for _ in 1...2 {
            switch await driver.account(DriverContext(runID: "t", log: .none)) {
            case .success(let account): #expect(account ?? "nobody" == expected)
            case .failure(let fault): #expect(fault.code == expected)
            }
        }
        #expect(transport.urls.withLock { $0 } == Array(repeating: "http://vercel.test/v2/user", count: asked))
    }

    @Test("A team that is configured is named with every call, so that nobody has to be asked")
    func isConfigured() async throws {
        let transport = Answering(500, "{}")
        let account = await Self.driver(transport, team: "team_9").account(DriverContext(runID: "t", log: .none))
        #expect(try account.get() == "team team_9" && transport.urls.withLock { $0.isEmpty })
    }
}
