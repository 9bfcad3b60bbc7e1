import Basics
import DesiredState
import Diff
import Formats
import SimulatorKit
import Testing

/// From the documents to the workspace, and nothing left to do.
@Suite("What the documents want of Slack") struct DocumentTests {
    @Test("Channels are taken over as they are; one that is otherwise or isn't there is blocked; nothing is sent")
    func channels() async throws {
        let world = try SlackWorld()
        let known = await world.engine.converge([
            "ssot/integrations/slack/allowed_channels.yaml":
                "allowed_channels: [\"#ops\", {name: Closed, member: false}]\n",
            "ssot/slack/routes.yaml": "channels: {alerts: {name: \"#ops\", id: null}}\n",
        ])
        #expect(known.state.diagnostics.isEmpty, "\(known.state.diagnostics)")
        #expect(
            SmallEngine.Convergence.lines(known.first) == [
                "adopt slack.channel/closed allowed", "adopt slack.channel/ops allowed",
            ], "\(known.first.changes)")
        #expect(known.failures.isEmpty && SmallEngine.Convergence.lines(known.second) == [])
        let others = await world.engine.converge([
            "ssot/slack/channels.yaml": "channels: [{name: ops, private: true}, {name: old, archived: false}, nobody]\n"
        ])
        #expect(
            SmallEngine.Convergence.lines(others.first).sorted() == [
                "adopt slack.channel/old blocked", "adopt slack.channel/ops blocked",
                "create slack.channel/nobody blocked",
            ], "\(others.first.changes)")
        #expect(
            others.first.changes.first { $0.action == .create }?.verdictReason?.contains("make the channel in Slack")
                == true)
        #expect(!world.lines.contains { $0.contains("\"POST\"") })
    }
}
