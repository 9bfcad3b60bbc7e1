import Basics
import DesiredState
import Diff
import Drivers
import Formats
import HTTPClient
import Testing

@testable import SpacesDriver

@Suite("What S3 says when it says no") struct FaultTests {
    struct Answering: HTTPTransport {
        let answer: @Sendable (HTTPRequest) -> HTTPResponse

        func send(_ request: HTTPRequest) async throws(HTTPFault) -> HTTPResponse { answer(request) }
    }

    static func error(_ code: String, _ extra: String = "") -> [UInt8] {
        let text = "<Error><Code>\(code)</Code><Message>no luck</Message>\(extra)<RequestId>r-1</RequestId></Error>"
        return Array(text.utf8)
    }

    @Test(
        "each has its own code and says what follows",
        arguments: [
            (403, "InvalidAccessKeyId", "", "SPACES-0001", Disposition.stop),
            (403, "SignatureDoesNotMatch", "", "SPACES-0001", .stop),
            (403, "AccessDenied", "", "SPACES-0002", .stop),
            (403, "RequestTimeTooSkewed", "", "SPACES-0008", .stop),
            (404, "NoSuchBucket", "", "SPACES-0003", .observeAgain),
            (409, "BucketAlreadyExists", "", "SPACES-0004", .stop),
            (409, "OperationAborted", "", "SPACES-0006", .retry(after: .seconds(30))),
            (503, "SlowDown", "", "SPACES-0007", .retry(after: .seconds(7))),
            (301, "PermanentRedirect", "", "SPACES-0009", .stop),
            (400, "AuthorizationHeaderMalformed", "<Region>fra1</Region>", "SPACES-0009", .stop),
            (400, "InvalidBucketName", "", "SPACES-0010", .waitForNewCommit),
            (500, "InternalError", "", "SPACES-0011", .retry(after: nil)),
        ])
    func codes(
        status: Int, code: String, extra: String, expected: String, disposition: Disposition
    ) async throws {
        let time = SimulatedTime(now: Timestamp(seconds: 1_772_000_000), advancesBySleeping: true)
        let driver = SpacesDriver(
            credential: SpacesCredential(accessKey: Secret("k"), secretKey: Secret("s")),
            endpoint: SpacesEndpoint(configured: "https://sgp1.digitaloceanspaces.com"),
            transport: Answering { _ in
                HTTPResponse(
                    status: status, headers: [HTTPHeader("Retry-After", "7")], body: Self.error(code, extra))
            }, time: time)
        let context = DriverContext(runID: "t", log: .none)
        guard case .unknown(let fault) = await driver.look(at: ResourceKey(.spacesBucket, "b"), context) else {
            throw Problem("seen")
        }
        #expect(fault.code == expected && fault.disposition == disposition, "\(fault)")
        #expect(fault.providerCode == code && fault.requestID == "r-1" && fault.status == status)
        #expect(!extra.contains("Region") || fault.message.contains("fra1"))
    }

    @Test("one region that can't be read leaves absence open, and one that can still shows what it holds")
    func regions() async throws {
        let list = """
            <ListAllMyBucketsResult><Buckets><Bucket><Name>seen</Name>
            <CreationDate>2026-01-02T03:04:05Z</CreationDate></Bucket></Buckets></ListAllMyBucketsResult>
            """
        let driver = SpacesDriver(
            credential: SpacesCredential(accessKey: Secret("k"), secretKey: Secret("s")),
            endpoint: SpacesEndpoint(address: "https://{region}.test", regions: ["one", "two"]),
            transport: Answering { request in
                if request.url.hasPrefix("https://two.") { return HTTPResponse(status: 403, body: Self.error("X")) }
                if request.url.contains("lifecycle") {
                    return HTTPResponse(status: 404, body: Self.error("NoSuchLifecycleConfiguration"))
                }
                return HTTPResponse(status: 200, body: Array(list.utf8))
            })
        let context = DriverContext(runID: "t", log: .none)
        let seen = try #require(
            await driver.observe(
                ObserveRequest(kinds: [.spacesBucket], names: [.spacesBucket: ["seen"]]), context
            ).first)
        #expect(!seen.completeness.isComplete)
        #expect(seen.resources.map(\.key.name) == ["seen"])
        #expect(seen.resources.first?.attributes["region"] == "one")
        guard case .unknown = await driver.look(at: ResourceKey(.spacesBucket, "other"), context),
            case .present = await driver.look(at: ResourceKey(.spacesBucket, "seen"), context)
        else { throw Problem("a bucket of an unread region was called absent") }
    }

    @Test("rules are the same when they do the same; what has no words here stays another one")
    func rules() throws {
        let node = try XMLNode.parse(
            Array(
                """
                <Rule><ID>x</ID><Filter><Prefix>a/</Prefix></Filter><Status>Enabled</Status>
                <Expiration><Days>3</Days></Expiration></Rule>
                """.utf8))
        let wanted: Value = [["prefix": "a/", "expiration_days": 3, "id": "other"]]
        #expect(LifecycleRule.normalise(wanted) == .list([LifecycleRule(node).value]))
        let odd = LifecycleRule(
            try XMLNode.parse(
                Array("<Rule><Status>Enabled</Status><Transition><Days>1</Days></Transition></Rule>".utf8)))
        #expect(odd.other == "<Transition><Days>1</Days></Transition>" && odd.xml == nil)
        for bad: Value in [[:], ["expiration_days": 0], ["expiration_days": "3"], ["tags": [], "expiration_days": 1]] {
            #expect(LifecycleRule(bad) == nil, "\(bad.json)")
        }
    }
}
