"""What of a policy contradicts itself where it says who is given work."""

from mailgate.model.policy import Policy
from mailgate.settings.safety import Say
from mailgate.settings.words import known_are, meant


def check(policy: Policy, say: Say) -> None:
    """Calendars and people that there are not, groups without anybody to give work to, and skills that nobody has."""
    for id_, agent in policy.agents.items():
        if agent.hours is not None and agent.hours not in policy.calendars:
            say(("agents", id_, "hours"), f'no calendar "{agent.hours}"{known_are(agent.hours, policy.calendars)}')
    for id_, group in policy.groups.items():
        at = ("groups", id_)
        if group.calendar is not None and group.calendar not in policy.calendars:
            say((*at, "calendar"), f'no calendar "{group.calendar}"{known_are(group.calendar, policy.calendars)}')
        if policy.assigns(id_) and not policy.members(id_):
            say((*at, "assign"), f'"{group.assign.value}" gives tickets to nobody: nobody is in the group "{id_}"')
        if group.mode is not None and not policy.assigns(id_):
            say((*at, "mode"), f'"{group.mode.value}" means nothing while assign is "manual": write "least_loaded" or "round_robin"')
    _check_skills(policy, say)


def _check_skills(policy: Policy, say: Say) -> None:
    """A category asks for skills that somebody in its group has, where that group gives out its tickets."""
    for id_, category in policy.categories.items():
        groups = (category.group,) if category.group is not None else tuple(dict.fromkeys(desk.group for desk in policy.desks.values()))
        for skill, level in category.skills.items():
            at = ("categories", id_, "skills", skill)
            known = {name for agent in policy.agents.values() for name in agent.skills}
            if skill not in known:
                say(at, f'no agent has the skill "{skill}"{meant(skill, known)}')
                continue
            for group in groups:
                best = max((agent.skills.get(skill, 0) for agent in policy.members(group)), default=0)
                if policy.assigns(group) and best < level:
                    say(at, f'nobody in the group "{group}" has it at level {level}: the best has {best}')
