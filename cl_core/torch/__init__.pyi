from cl_core.torch.baselines import EWC as EWC
from cl_core.torch.baselines import ExperienceReplay as ExperienceReplay
from cl_core.torch.baselines import LwF as LwF
from cl_core.torch.movable import Movable as Movable
