import Basics
import DesiredState
import Testing

/// What `known_drift` can be about, by the path at which the document writes it.
@Suite struct AcknowledgedDriftTests {
    @Test("A parameter beside `desired` is named as the plan names it, as well as the setting itself")
    func parameters() {
        let state = read([
            "ssot/github/branch-protection.yaml": """
            repo: acme/erp
            branches:
              main:
                require_pull_request: {desired: true, required_approving_review_count: 2}
            known_drift:
              - {field: branches.main.require_pull_request, current_value: false, desired_value: true}
              - {field: branches.main.require_pull_request.required_approving_review_count, current_value: 1, desired_value: 2}
              - {field: branches.main.require_pull_request.required_approvals, current_value: 1, desired_value: 2}
            """
        ])
        #expect(
            state.acknowledgedDrift.map { "\($0.key) \($0.attribute)" } == [
                "github.branch_protection/acme/erp/main require_pull_request",
                "github.branch_protection/acme/erp/main require_pull_request.required_approving_review_count",
            ])
        let wanted = state.resource("github.branch_protection/acme/erp/main")?.attributes.map(\.name) ?? []
        #expect(state.acknowledgedDrift.allSatisfy { wanted.contains($0.attribute) })
        #expect(state.diagnostics.filter { $0.code == "SSOT-0203" }.map { $0.mark?.line } == [8])
    }
}
