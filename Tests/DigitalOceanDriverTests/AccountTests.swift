import DigitalOceanDriver
import Drivers
import Formats
import Testing

@Suite("Whose the token is")
struct AccountTests {
    private static func account(_ team: Value?) -> TableTransport.Answer {
        var account = Value.Object()
        account["uuid"] = "u-1"
        if let team { account["team"] = team }
        return .json(200, .object(["account": .object(account)]))
    }

    @Test("The team counts, not who of it asks; a token is asked once, unless it doesn't tell")
    func tells() async throws {
        let cases: [(answer: TableTransport.Answer, account: String?, asked: Int)] = [
            (Self.account(.object(["uuid": "t-1", "name": "Shop"])), "team t-1", 1),
            (Self.account(nil), "account u-1", 1),
            (.json(200, .object(["account": .object(["status": "active"])])), nil, 2),
            (.error(403, "forbidden", "You are not authorized to perform this operation"), nil, 2),
        ]
        for (answer, account, asked) in cases {
            let transport = TableTransport { _, _ in answer }
            let driver = makeDriver(transport)
            for _ in 1...2 { #expect(try await driver.account(context).get() == account) }
            #expect(transport.lines == Array(repeating: "GET /v2/account", count: asked))
        }
    }

    @Test("An answer that isn't there is no answer", arguments: [401, 404, 500])
    func fails(_ status: Int) async {
        let transport = TableTransport { _, _ in .error(status, "x", "y") }
        guard case .failure(let fault) = await makeDriver(transport).account(context) else {
            Issue.record("it was told")
            return
        }
        #expect(fault.status == status)
    }
}
